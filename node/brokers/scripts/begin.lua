-- Creates the log of a room that Redis has lost, and that no node remembers.
-- PARTS head room
-- ARGV  epoch for it, room
-- Returns {'ok'}; a room that exists is not changed.
local room = ARGV[2]
make_room(room, ARGV[1])
if redis.call('ZCARD', key_of('r:' .. room) .. ':members') > 0 then
  redis.call('ZREM', 'chat:idle', room)
end
return {'ok'}
