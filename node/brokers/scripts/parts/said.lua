-- Where messages to a room are stored, for those that are repeated. Only keys of the room are touched, so
-- the chat's time comes from the node that makes the call: `least`, in ms, which may be a little less
-- than it is; 0 if the node does not know it. `key` is that of the ids of a session's messages.
-- PARTS head repeats

-- By so much `least` may be less than the chat's time.
local LEAST_LATE_MS = 3000
-- A session's ids are tended when it sends the first one in this part of REPEAT_MS, or of the log: with each
-- message that would take a third longer.
local TEND_ENTRIES = 500

-- What the field '' is while a session's ids need not be tended: a number, as that costs least to compare.
local function tended_mark(least, offset)
  return math.floor(least / REPEAT_MS) * 2 ^ 20 + math.floor(offset / TEND_ENTRIES) % 2 ^ 20
end

-- "AT LOG POSITION" of a message that was stored before, or nil; and the field ''. An id that was stored when
-- its node did not know the time does not get too old.
local function said_before(key, log, token, least)
  local found = redis.call('HMGET', key, token, '')
  local value = found[1]
  if not value then return nil, found[2] end
  local at, position, stored = string.match(value, '^(%d+) (%w+%-%d+%-%w+) (%d+)')
  if not at then return value, found[2] end
  if stored ~= '0' and stored + REPEAT_MS + LEAST_LATE_MS <= least then return nil, found[2] end
  return at .. ' ' .. log .. ' ' .. position, found[2]
end

-- Tends the ids of sessions, SID -> their field '' before: forgets old ones, and notes in the index that the
-- session has sent messages. Forgets all ids of two that have sent none for so long that none counts any
-- more. While the node does not know the time, Redis' own expiry has to do.
local function tend_said(log, sids, least)
  local key, period, noted, added = key_of(log), math.floor(least / REPEAT_MS), false, 0
  local function order(value)
    local at, stored = string.match(value, '^(%d+) %S+ (%d+)')
    return tonumber(stored ~= '0' and stored or at or 0)
  end
  for sid, tended in pairs(sids) do
    local own = key .. ':sent:' .. sid
    if not forget_old(own, 2 * REPEATS - TEND_ENTRIES, order) then redis.call('HDEL', own, '') end
    if math.floor((tonumber(tended or nil) or -1) / 2 ^ 20) ~= period then
      redis.call('PEXPIRE', own, SENT_NET_MS)
      if least > 0 then
        noted, added = true, added + redis.call('ZADD', key .. ':sents', int(least), sid)
      end
    end
  end
  if added > 0 then redis.call('PEXPIRE', key .. ':sents', SENT_NET_MS) end
  if noted then
    local till = int(least - 2 * REPEAT_MS - LEAST_LATE_MS)
    for _, sid in ipairs(redis.call('ZRANGEBYSCORE', key .. ':sents', '-inf', till, 'LIMIT', 0, 2)) do
      redis.call('DEL', key .. ':sent:' .. sid)
      redis.call('ZREM', key .. ':sents', sid)
    end
  end
end
