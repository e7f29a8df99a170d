-- Decides which of two rooms of a name is the one: that of which a session is, or that whose data there are.
-- PARTS rules
-- ARGV  session, room, birth that the session knows, birth of the data
-- Returns {'ok', birth}: of the room that the session is in now. If it is not that of the data, they are
-- those of a room that was closed.
local sid, room, mine, told = unpack(ARGV, 1, 4)
local key = 'chat:{c}:rooms:' .. sid
if redis.call('HGET', 'chat:{c}:births', room) == mine and rule_of('room:' .. room) ~= told then
  redis.call('HSET', 'chat:{c}:births', room, told)
end
local birth = redis.call('HGET', 'chat:{c}:births', room)
if redis.call('HEXISTS', key, room) == 1 then redis.call('HSET', key, room, birth or mine) end
return {'ok', birth or mine}
