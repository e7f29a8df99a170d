-- Gives a session another nick; its rooms see `renamed`.
-- PARTS head wall append rules room leave session nick finish
-- ARGV  op, session, owner, nick, the keys that it reserves, notices, cap, until when sessions may be reaped
-- Returns {'ok', old nick, at, frames of the notices that it appended, changes}, {'taken'}, {'banned'},
-- {'unhealed'} or {'gone'}.
local op, sid, owner, nick, wanted = unpack(ARGV, 1, 5)
local fold = fold_of(wanted)
local set = {notices = tonumber(ARGV[6]), cap = tonumber(ARGV[7]), reap = tonumber(ARGV[8])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local names = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold')
local at = int(wall_ms())
if names[1] == nick then return {'ok', nick, at, {}, 0} end
if is_banned(wanted) then return {'banned'} end
if nicks_lost() then return {'unhealed'} end
if taken(sid, wanted, op, set) then return {'taken'} end
free_names(sid, names_of(sid))
take_names(sid, wanted)
redis.call('HSET', 'chat:{c}:session:' .. sid, 'nick', nick, 'fold', fold)
local body = '"nick":"' .. nick .. '","from":"' .. names[1] .. '"}'
local rooms, notices = redis.call('HGETALL', 'chat:{c}:rooms:' .. sid), {}
for n = 1, #rooms, 2 do
  local room, position = rooms[n], rooms[n + 1]
  local members, told = key_of('r:' .. room) .. ':members', false
  local was_member = redis.call('ZREM', members, names[2] .. '\0' .. names[1]) == 1
  if not was_member and not is_of(room, position) then
    -- The room was closed, and the session still names it.
    redis.call('HDEL', 'chat:{c}:rooms:' .. sid, room)
  else
    redis.call('ZADD', members, 0, fold .. '\0' .. nick)
    told = redis.call('ZCARD', members) <= set.notices
  end
  if told then
    local id = op .. 'r' .. int((n + 1) / 2)
    -- If Redis has lost the log, but the session is back already, a new log begins.
    if not put_back('r:' .. room, id) then
      local _, _, _, frame = append('r:' .. room, room_channel(room), set.cap, {{'r', id, '-', body}}, id)
      notices[#notices + 1] = frame
    end
  end
end
return answer(sid, op, {'ok', names[1], at, notices, changed(node_of(owner))})
