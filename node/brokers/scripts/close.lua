-- Closes a room; its data are deleted later (outs.lua). A node that remembers the log must not put it back: a
-- moderation rule names the room's birth. A new room of the same name has another one.
-- PARTS head announce room outs
-- ARGV  id, room, ms for which the rule is in force, why (a JSON string, or '')
-- Returns {'ok', number of members}, or {'missing'}.
local id, room, ms, why = unpack(ARGV)
local birth = redis.call('HGET', 'chat:{c}:births', room)
if not birth then return {'missing'} end
though_full()
local members = remove_room(room)
note_drop(room, birth)
add_rule(id, 'room:' .. room, tonumber(ms), birth, why)
return {'ok', members}
