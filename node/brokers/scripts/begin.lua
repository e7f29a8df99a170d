-- Creates the log of a room that Redis has lost, and that no node remembers.
-- PARTS head mend wall
-- KEYS hash stream moved seats never
-- ARGV  epoch for it, room, birth of the room
-- Returns {'ok'}; a room that exists is not changed.
local epoch, log = ARGV[1], 'r:' .. ARGV[2]
if redis.call('EXISTS', KEYS[1]) == 0 and not mend(log, nil, epoch) then
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'top', 0, 'id', '0', 'birth', ARGV[3], 'bare', int(wall_ms()))
end
return {'ok'}
