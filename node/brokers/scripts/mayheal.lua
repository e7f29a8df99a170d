-- Says whether a room whose log is lost may be put back.
-- PARTS rules room
-- ARGV  room, its birth ('': not known)
-- Returns {'ok', birth}; {'gone'}, if there is another room of that name, or a moderator has closed this one.
local room, birth = ARGV[1], ARGV[2]
local there = redis.call('HGET', 'chat:{c}:births', room)
if birth == '' then birth = there end
if not birth or (there and there ~= birth) or rule_of('room:' .. room) == birth then return {'gone'} end
-- Redis may have lost that there is the room. It was perhaps deleted because nobody used it, and is again.
make_room(room, birth)
return {'ok', birth}
