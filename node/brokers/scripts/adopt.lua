-- Decides which of two rooms of a name is the one: that of which a session is, or that whose data there are.
-- PARTS rules room outs
-- ARGV  session, room, birth that the session knows, birth of the data
-- Returns {'ok', birth}: of the room that the session is in now. If it is not that of the data, they are
-- those of a room that was closed, or removed, and have not been deleted yet.
local sid, room, mine, told = unpack(ARGV, 1, 4)
local key = 'chat:{c}:rooms:' .. sid
local ended = rule_of('room:' .. room) == told or redis.call('ZSCORE', 'chat:{c}:outs', drop_again(room, told))
if redis.call('HGET', 'chat:{c}:births', room) == mine and not ended then
  redis.call('HSET', 'chat:{c}:births', room, told)
  -- Each session that is in it is counted when it learns of this birth.
  redis.call('HDEL', 'chat:{c}:counts', room)
end
local birth = redis.call('HGET', 'chat:{c}:births', room) or mine
local noted = redis.call('HGET', key, room)
if noted and noted ~= birth then note_in(sid, room, birth) end
return {'ok', birth}
