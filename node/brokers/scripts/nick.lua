-- Gives a session another nick; its rooms see `renamed`.
-- ARGV  op, session, owner, nick, what it takes up, notices, cap, until when sessions may be reaped
-- Returns {'ok', old nick, at, changes}, {'taken'}, {'banned'}, {'unhealed'} or {'gone'}.
local op, sid, owner, nick, takes = unpack(ARGV, 1, 5)
local fold = fold_of(takes)
local set = {notices = tonumber(ARGV[6]), cap = tonumber(ARGV[7]), reap = tonumber(ARGV[8])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local names = redis.call('HMGET', 'chat:session:' .. sid, 'nick', 'fold')
local at = int(wall_ms())
if names[1] == nick then return {'ok', nick, at, 0} end
if is_banned(takes) then return {'banned'} end
if nicks_lost() then return {'unhealed'} end
if taken(sid, takes, op, set) then return {'taken'} end
free_names(sid, names_of(sid))
take_names(sid, takes)
redis.call('HSET', 'chat:session:' .. sid, 'nick', nick, 'fold', fold)
local body = '"nick":"' .. nick .. '","from":"' .. names[1] .. '"}'
local rooms = redis.call('HGETALL', 'chat:rooms:' .. sid)
for n = 1, #rooms, 2 do
  local room, position = rooms[n], rooms[n + 1]
  local members, told = key_of('r:' .. room) .. ':members', false
  local was_there = redis.call('ZREM', members, names[2] .. '\0' .. names[1]) == 1
  if not was_there and not is_of(room, position) then
    -- It was closed, and this session has not been taken out of it yet.
    redis.call('HDEL', 'chat:rooms:' .. sid, room)
  else
    redis.call('ZADD', members, 0, fold .. '\0' .. nick)
    told = redis.call('ZCARD', members) <= set.notices
  end
  if told then
    local id = op .. 'r' .. int((n + 1) / 2)
    -- Redis may have forgotten the log, and the session be back already: then the log begins anew.
    if not put_back('r:' .. room, id) then
      append('r:' .. room, room_channel(room), set.cap, {{'r', id, '-', body}}, id)
    end
  end
end
return answer(sid, op, {'ok', names[1], at, changed(node_of(owner))})
