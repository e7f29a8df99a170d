-- Rooms and their members.

-- Creates a room if it is missing; returns whether it was.
local function make_room(room, epoch)
  if redis.call('EXISTS', key_of('r:' .. room)) == 1 or mend('r:' .. room, nil, epoch) then
    return false
  end
  redis.call('HSET', key_of('r:' .. room), 'epoch', epoch)
  redis.call('HSET', key_of('r:' .. room), 'top', 0, 'id', '0')
  redis.call('ZADD', 'chat:rooms', 0, room)
  redis.call('ZADD', 'chat:idle', int(now_ms()), room)
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
  local was_idle = redis.call('ZREM', 'chat:idle', room)
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
  redis.call('HSET', 'chat:rooms:' .. sid, room, position)
  return position, count, count > set.notices and 1 or 0, frame
end

-- Whether the position that a session has for a room is one in the present room: a room that was closed
-- has another epoch, or none.
local function is_of(room, position)
  local epoch = position and string.match(position, '^%w+')
  return epoch and redis.call('HGET', key_of('r:' .. room), 'epoch') == epoch
end

-- Removes a session from a room's members; returns how many are left, or nil if it was no member. One
-- that Redis has lost from the members counts as a member.
local function remove_member(sid, nick, fold, room)
  local members = key_of('r:' .. room) .. ':members'
  local was_no_member = redis.call('ZREM', members, fold .. '\0' .. nick) == 0 and
    not is_of(room, redis.call('HGET', 'chat:rooms:' .. sid, room))
  redis.call('HDEL', 'chat:rooms:' .. sid, room)
  if was_no_member then return nil end
  local count = redis.call('ZCARD', members)
  if count == 0 then redis.call('ZADD', 'chat:idle', int(now_ms()), room) end
  return count
end

-- The last owner of a session: its connection, or the connection that it had.
local function last_owner(sid)
  local owners = redis.call('HMGET', 'chat:session:' .. sid, 'owner', 'was')
  return owners[1] ~= '' and owners[1] or owners[2]
end

-- Takes a session out of a room; `why` is a JSON string that the other members are told, or nil.
-- Returns position, at and frame of the entry `left`, or '' and '' in a quiet room.
local function exit(sid, nick, fold, room, reason, id, set, why)
  local count = remove_member(sid, nick, fold, room)
  if not count or count > set.notices then return '', '' end
  local origin = sid .. '/' .. (last_owner(sid) or '')
  local more = why and why ~= '' and ',"text":' .. why or ''
  local body = '"nick":"' .. nick .. '","reason":"' .. reason .. '"' .. more .. '}'
  local epoch, first, at, frame =
    append('r:' .. room, room_channel(room), set.cap, {{'l', id, origin, body}}, id)
  return epoch .. '-' .. int(first) .. '-' .. id, at, frame
end

-- Deletes a room's keys.
local function delete_room(room)
  local key = key_of('r:' .. room)
  work = work + 1 + redis.call('XLEN', key .. ':log') / ENTRIES
  drop_log('r:' .. room)
  redis.call('DEL', key .. ':members')
  redis.call('ZREM', 'chat:rooms', room)
  redis.call('ZREM', 'chat:idle', room)
end

-- Removes SWEEP members of closed rooms from the rooms of their sessions; returns whether there are more.
-- A session that is in a new room of the same name by now stays there.
local function sweep()
  local next = redis.call('ZRANGEBYSCORE', 'chat:closed', '-inf', '+inf', 'LIMIT', 0, 1)[1]
  if not next then return false end
  local room, epoch = string.match(next, '^(.*) (%S+)$')
  local key = 'chat:closed:' .. next
  local members, folds = redis.call('ZRANGEBYLEX', key, '-', '+', 'LIMIT', 0, SWEEP), {}
  for n, member in ipairs(members) do
    folds[n] = string.sub(member, 1, string.find(member, '\0', 1, true) - 1)
  end
  if #members > 0 then
    local sids = redis.call('HMGET', 'chat:nicks', unpack(folds))
    for n = 1, #members do
      local rooms = sids[n] and 'chat:rooms:' .. sids[n]
      local position = rooms and redis.call('HGET', rooms, room)
      if position and string.match(position, '^%w+') == epoch then redis.call('HDEL', rooms, room) end
    end
    redis.call('ZREM', key, unpack(members))
    work = work + #members / 4
  end
  if redis.call('EXISTS', key) == 0 then redis.call('ZREM', 'chat:closed', next) end
  return redis.call('EXISTS', 'chat:closed') == 1
end

-- Deletes a room with its log and its members; returns how many members it had. Their sessions still
-- name the room: some are corrected at once, the others by reap.lua (sweep). Until then the moderation
-- rule with the room's epoch shows that the room is gone.
local function remove_room(room)
  local key = key_of('r:' .. room)
  local epoch = redis.call('HGET', key, 'epoch')
  local count = redis.call('ZCARD', key .. ':members')
  if epoch and count > 0 then
    local closed = room .. ' ' .. epoch
    redis.call('ZUNIONSTORE', 'chat:closed:' .. closed, 1, key .. ':members')
    redis.call('ZADD', 'chat:closed', 0, closed)
  end
  delete_room(room)
  if count > 0 then sweep() end
  return count
end

-- The rooms that a session is in, and where it joined each of them: room, position, room, position...
-- A closed room that the session still names is left out.
local function rooms_of(sid)
  local noted, rooms = redis.call('HGETALL', 'chat:rooms:' .. sid), {}
  if redis.call('EXISTS', 'chat:closed') == 0 then return noted end
  for n = 1, #noted, 2 do
    local epoch = string.match(noted[n + 1], '^%w+')
    if not redis.call('ZSCORE', 'chat:closed', noted[n] .. ' ' .. epoch) then
      rooms[#rooms + 1] = noted[n]
      rooms[#rooms + 1] = noted[n + 1]
    end
  end
  return rooms
end
