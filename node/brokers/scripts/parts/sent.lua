-- Where messages are stored, for those that are repeated: each is stored once.
-- PARTS head clock log wall

local REPEAT_MS, REPEATS = 300000, 1000

-- The chat's time at which a message was stored. Without LAG it was the same as the wall's.
local function remembered_at(value)
  local lag = string.match(value, '^%S+ %S+ %S+ %S* (%-?%d+)$')
  return tonumber(string.match(value, '^%d+') or 0) + (lag or 0)
end

-- The value that is remembered for a message: "AT LOG POSITION TO LAG", or nil.
local function sent_before(sid, token)
  local found = redis.call('HGET', 'chat:{c}:sent:' .. sid, token)
  if found and remembered_at(found) + REPEAT_MS > now_ms() then return found end
end

-- Such a value, and head and body of the entry if that is retained: the node that acknowledges a repeat has to
-- know the entry, because Redis may lose it.
local function with_entry(value)
  local log, offset, id = string.match(value, '^%d+ (%S+) %w+%-(%d+)%-(%w+)')
  local found = log and redis.call('XRANGE', key_of(log) .. ':log', offset .. '-0', offset .. '-0')[1]
  if not found or id_of(found) ~= id or not found[2][4] then return {value} end
  return {value, found[2][2], found[2][4]}
end

-- Redis' own expiry follows the wall, so it is only the fallback for our own (tidy.lua).
local SENT_NET_MS = 86400000

local function keep_sent(sid, till)
  redis.call('ZADD', 'chat:{c}:sents', int(till), sid)
  redis.call('PEXPIRE', 'chat:{c}:sent:' .. sid, SENT_NET_MS)
end

-- Remembers where a message is stored. `at` is a time of the wall; `old`: it is not the present one.
local function remember(sid, token, at, log, position, to, old)
  local lag = now_ms() - wall
  if old then lag = shift == 0 and 0 or time - tonumber(at) end
  local value = at .. ' ' .. log .. ' ' .. position
  if lag ~= 0 then
    value = value .. ' ' .. (to or '') .. ' ' .. int(lag)
  elseif to then
    value = value .. ' ' .. to
  end
  if redis.call('HSET', 'chat:{c}:sent:' .. sid, token, value, '', value) == 2 then
    keep_sent(sid, remembered_at(value) + REPEAT_MS)
  end
end

-- Forgets all but the newest ids of a session's messages. Two thousand of them take 2 ms, so a call does
-- this for one session only; other sessions' turn comes with their next messages.
local forgot = false

local function forget_old(sid)
  local key = 'chat:{c}:sent:' .. sid
  if forgot or redis.call('HLEN', key) <= 2 * REPEATS then return end
  forgot = true
  local all, ages, places, old, now = redis.call('HGETALL', key), {}, {}, {}, now_ms()
  for n = 2, #all, 2 do
    if all[n - 1] ~= '' then
      -- One number that sorts by time, and by offset within a millisecond.
      local offset = string.match(all[n], '^%d+ %S+ %w+%-(%d+)')
      places[n] = (remembered_at(all[n]) - now) * 2 ^ 20 + (offset or 0) % 2 ^ 20
      ages[#ages + 1] = places[n]
    end
  end
  table.sort(ages)
  local newest = ages[#ages - REPEATS + 1]
  for n = 2, #all, 2 do
    if places[n] and places[n] < newest then old[#old + 1] = all[n - 1] end
  end
  for n = 1, #old, 500 do redis.call('HDEL', key, unpack(old, n, math.min(n + 499, #old))) end
end
