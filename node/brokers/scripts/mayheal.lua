-- Says whether a log that a node remembers may be put back, and into which room.
-- PARTS rules room
-- ARGV  room, its birth ('': not known)
-- Returns {'ok', birth of the room}: another one if Redis had lost the room, and somebody made it again;
-- {'gone'} if a moderator has closed it.
local room, birth = ARGV[1], ARGV[2]
local there = redis.call('HGET', 'chat:{c}:births', room)
if birth == '' then birth = there end
if not birth or rule_of('room:' .. room) == birth then return {'gone'} end
-- Redis may have lost that there is the room. It was perhaps deleted because nobody used it, and is again.
return {'ok', (make_room(room, birth))}
