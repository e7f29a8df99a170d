-- Creates the log of a room that Redis has lost, and that no node remembers.
-- PARTS room
-- KEYS hash stream moved members never
-- ARGV  epoch for it, room
-- Returns {'ok'}; a room that exists is not changed.
local room = ARGV[2]
make_room(room, ARGV[1])
if redis.call('ZCARD', KEYS[4]) > 0 then
  redis.call('ZREM', 'chat:{c}:idle', room)
end
return {'ok'}
