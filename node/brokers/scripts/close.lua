-- Closes a room: deletes its members and its log. A node that remembers the log must not put it back: a
-- moderation rule names its epoch. A new room of the same name has another epoch.
-- PARTS head rules close
-- ARGV  id, room, ms for which the rule is in force, why (a JSON string, or '')
-- Returns {'ok', number of members}, or {'missing'}.
local id, room, ms, why = unpack(ARGV)
local epoch = redis.call('HGET', key_of('r:' .. room), 'epoch')
if not epoch then return {'missing'} end
though_full()
local members = remove_room(room)
add_rule(id, 'room:' .. room, tonumber(ms), epoch, why)
return {'ok', members}
