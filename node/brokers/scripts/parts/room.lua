-- Rooms that begin, and sessions that come into them.
-- PARTS head clock mend append

-- Creates a room if it is missing; returns whether it was.
local function make_room(room, epoch)
  if redis.call('EXISTS', key_of('r:' .. room)) == 1 or mend('r:' .. room, nil, epoch) then
    return false
  end
  redis.call('HSET', key_of('r:' .. room), 'epoch', epoch)
  redis.call('HSET', key_of('r:' .. room), 'top', 0, 'id', '0')
  redis.call('ZADD', 'chat:{c}:rooms', 0, room)
  redis.call('ZADD', 'chat:{c}:idle', int(now_ms()), room)
  return true
end

local function position_of(log)
  local meta = redis.call('HMGET', key_of(log), 'epoch', 'top', 'id')
  return meta[1] and meta[1] .. '-' .. meta[2] .. '-' .. meta[3]
end

-- The offset of an entry that was put back (heal.lua), or nil. Redis may have lost a call that is being
-- repeated now, while a node has put back its entry: then it must not be appended again.
local function put_back(log, id)
  return tonumber(redis.call('HGET', key_of(log) .. ':back', id) or nil)
end

-- Puts a session into a room; `set` has notices and cap. Returns position, members, quiet (0, 1), and
-- the frame of `entered`, or nil.
local function enter(sid, nick, fold, room, id, set)
  local members = key_of('r:' .. room) .. ':members'
  local added = redis.call('ZADD', members, 0, fold .. '\0' .. nick)
  local was_idle = redis.call('ZREM', 'chat:{c}:idle', room)
  local count, position, frame = redis.call('ZCARD', members), nil, nil
  -- The room was not idle, so it had members: Redis has lost them.
  if count == 1 and added == 1 and was_idle == 0 then
    redis.call('HSET', key_of('r:' .. room), 'bare', int(now_ms()))
  end
  if count <= set.notices then
    local log, body = 'r:' .. room, '"nick":"' .. nick .. '"}'
    local epoch, first, _ = redis.call('HGET', key_of(log), 'epoch'), put_back(log, id), nil
    if not first then
      epoch, first, _, frame = append(log, room_channel(room), set.cap, {{'e', id, '-', body}})
    end
    position = epoch .. '-' .. int(first) .. '-' .. id
  else
    position = position_of('r:' .. room)
  end
  redis.call('HSET', 'chat:{c}:rooms:' .. sid, room, position)
  return position, count, count > set.notices and 1 or 0, frame
end
