-- Rooms that end.
-- PARTS head work

-- Members of a closed room that one call removes, at two or three commands each.
local SWEEP = 300

-- Deletes a room's keys.
local function delete_room(room)
  local key = key_of('r:' .. room)
  work = work + 1 + redis.call('XLEN', key .. ':log') / ENTRIES
  drop_log('r:' .. room)
  redis.call('DEL', key .. ':members')
  redis.call('ZREM', 'chat:{c}:rooms', room)
  redis.call('ZREM', 'chat:{c}:idle', room)
end

-- Removes SWEEP members of closed rooms from the rooms of their sessions; returns whether there are more.
-- A session that is in a new room of the same name by now stays there.
local function sweep()
  local next = redis.call('ZRANGEBYSCORE', 'chat:{c}:closed', '-inf', '+inf', 'LIMIT', 0, 1)[1]
  if not next then return false end
  local room, epoch = string.match(next, '^(.*) (%S+)$')
  local key = 'chat:{c}:closed:' .. next
  local members, folds = redis.call('ZRANGEBYLEX', key, '-', '+', 'LIMIT', 0, SWEEP), {}
  for n, member in ipairs(members) do
    folds[n] = string.sub(member, 1, string.find(member, '\0', 1, true) - 1)
  end
  if #members > 0 then
    local sids = redis.call('HMGET', 'chat:{c}:nicks', unpack(folds))
    for n = 1, #members do
      local rooms = sids[n] and 'chat:{c}:rooms:' .. sids[n]
      local position = rooms and redis.call('HGET', rooms, room)
      if position and string.match(position, '^%w+') == epoch then redis.call('HDEL', rooms, room) end
    end
    redis.call('ZREM', key, unpack(members))
    work = work + #members / 4
  end
  if redis.call('EXISTS', key) == 0 then redis.call('ZREM', 'chat:{c}:closed', next) end
  return redis.call('EXISTS', 'chat:{c}:closed') == 1
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
    redis.call('ZUNIONSTORE', 'chat:{c}:closed:' .. closed, 1, key .. ':members')
    redis.call('ZADD', 'chat:{c}:closed', 0, closed)
  end
  delete_room(room)
  if count > 0 then sweep() end
  return count
end
