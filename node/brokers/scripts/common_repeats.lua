-- Messages and calls that are repeated, because their replies were lost: each is done once.

-- The chat's time at which a message was stored. Without LAG it was the same as the wall's.
local function remembered_at(value)
  local lag = string.match(value, '^%S+ %S+ %S+ %S* (%-?%d+)$')
  return tonumber(string.match(value, '^%d+') or 0) + (lag or 0)
end

-- The value that is remembered for a message: "AT LOG POSITION TO LAG", or nil.
local function sent_before(sid, token)
  local found = redis.call('HGET', 'chat:sent:' .. sid, token)
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

-- Whether an entry may be young enough for its message to be repeated. If Redis' clock has been set, the
-- age is not known, and the entry counts as young.
local function may_repeat(at)
  now_ms()
  return shift ~= 0 or tonumber(at) + REPEAT_MS > wall
end

-- Redis' own expiry follows the wall, so it is only the fallback for our own (tidy.lua).
local SENT_NET_MS = 86400000

local function keep_sent(sid, till)
  redis.call('ZADD', 'chat:sents', int(till), sid)
  redis.call('PEXPIRE', 'chat:sent:' .. sid, SENT_NET_MS)
end

-- Remembers where a message is stored. `at` is a time of the wall; `old`: it is not the present one.
local function remember(sid, token, at, log, position, to, old)
  local lag = now_ms() - wall
  if old then lag = shift == 0 and 0 or time - tonumber(at) end
  local words = lag == 0 and {at, log, position, to} or {at, log, position, to or '', int(lag)}
  local value = table.concat(words, ' ')
  if redis.call('HSET', 'chat:sent:' .. sid, token, value, '', value) == 2 then
    keep_sent(sid, remembered_at(value) + REPEAT_MS)
  end
end

-- Forgets all but the newest ids of a session's messages. Two thousand of them take 2 ms, so a call does
-- this for one session only; other sessions' turn comes with their next messages.
local forgot = false
local function forget_old(sid)
  local key = 'chat:sent:' .. sid
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

-- The reply to a call that is repeated, as its first reply was lost; nil if it is not. The number of
-- changes in it (at `place`, or its last part) is the present one, and negative: nothing was counted.
local function answered(sid, op, owner, place)
  local last = redis.call('HMGET', 'chat:session:' .. sid, 'op', 'reply')
  if last[1] ~= op then return nil end
  local reply = cjson.decode(last[2])
  reply[place or #reply] = -tonumber(redis.call('HGET', 'chat:ops', node_of(owner)) or 0)
  return reply
end

-- Returns the reply to a call, and stores it for a repeat.
local function answer(sid, op, reply)
  redis.call('HSET', 'chat:session:' .. sid, 'op', op, 'reply', cjson.encode(reply))
  return reply
end
