-- Sessions that leave rooms.
-- PARTS head clock append

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
    not is_of(room, redis.call('HGET', 'chat:{c}:rooms:' .. sid, room))
  redis.call('HDEL', 'chat:{c}:rooms:' .. sid, room)
  if was_no_member then return nil end
  local count = redis.call('ZCARD', members)
  if count == 0 then redis.call('ZADD', 'chat:{c}:idle', int(now_ms()), room) end
  return count
end

-- The last owner of a session: its connection, or the connection that it had.
local function last_owner(sid)
  local owners = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'owner', 'was')
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
