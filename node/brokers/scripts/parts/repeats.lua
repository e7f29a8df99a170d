-- What is remembered of messages with ids, so that each is stored once. A value begins with the time that was
-- shown to people, and holds the position: "AT ... POSITION ...".
-- PARTS head log

local REPEAT_MS, REPEATS = 300000, 1000
-- Redis' own expiry follows its clock, which may be set, so it is only the fallback for our own.
local SENT_NET_MS = 86400000

-- "AT LOG POSITION", and head and body of the entry if that is retained: the node that acknowledges a repeat
-- has to know the entry, because Redis may lose it.
local function with_entry(value)
  local log, offset, id = string.match(value, '^%d+ (%S+) %w+%-(%d+)%-(%w+)')
  local found = log and redis.call('XRANGE', key_of(log) .. ':log', offset .. '-0', offset .. '-0')[1]
  if not found or id_of(found) ~= id or not found[2][4] then return {value} end
  return {value, found[2][2], found[2][4]}
end

-- Forgets all but the newest ids in a key that has more than `most`; `time_of` tells when one was stored. Two
-- thousand of them take 2 ms, so a call does this for one key only, and returns false for others: their turn
-- comes with their next messages.
local forgot = false

local function forget_old(key, most, time_of)
  if redis.call('HLEN', key) <= most then return true end
  if forgot then return false end
  forgot = true
  local all, ages, places, old = redis.call('HGETALL', key), {}, {}, {}
  local first = time_of(all[2])
  for n = 2, #all, 2 do
    if all[n - 1] ~= '' then
      -- One number that sorts by time, and by offset within a millisecond.
      local offset = string.match(all[n], ' %w+%-(%d+)%-')
      places[n] = (time_of(all[n]) - first) * 2 ^ 20 + (offset or 0) % 2 ^ 20
      ages[#ages + 1] = places[n]
    end
  end
  table.sort(ages)
  local newest = ages[#ages - REPEATS + 1]
  for n = 2, #all, 2 do
    if places[n] and places[n] < newest then old[#old + 1] = all[n - 1] end
  end
  for n = 1, #old, 500 do redis.call('HDEL', key, unpack(old, n, math.min(n + 499, #old))) end
  return true
end
