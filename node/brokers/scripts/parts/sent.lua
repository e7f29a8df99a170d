-- Where directs are stored, for those that are repeated.
-- PARTS head wall clock repeats

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

local function keep_sent(sid, till)
  redis.call('ZADD', 'chat:{c}:sents', int(till), sid)
  redis.call('PEXPIRE', 'chat:{c}:sent:' .. sid, SENT_NET_MS)
end

-- Remembers where a message is stored. `at` is a time of the wall; `old`: it is not the present one.
local function remember(sid, token, at, log, position, to, old)
  local lag = now_ms() - wall_ms()
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

local function forget_sent(sid) forget_old('chat:{c}:sent:' .. sid, 2 * REPEATS, remembered_at) end
