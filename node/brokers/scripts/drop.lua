-- Deletes the data of a room that has ended, but for the ids of its messages.
-- KEYS hash stream moved members seats gone never
-- ARGV  birth of the room
-- Returns {'ok'}; a later room of the same name is left alone.
redis.call('HDEL', KEYS[1], '')  -- Also if Redis is full: parts/head.lua tells why.
local birth = redis.call('HGET', KEYS[1], 'birth')
if not birth or birth == ARGV[1] then
  redis.call('DEL', unpack(KEYS, 1, 6))
end
return {'ok'}
