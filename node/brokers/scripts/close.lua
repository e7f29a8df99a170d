-- Ends a room: its members are out of it, its log is gone. Who remembers the log does not put it back,
-- for the order names its epoch; a new room of the same name has another one.
-- ARGV  id, room, ms for which the order is kept, why (a JSON string, or '')
-- Returns {'ok', number of members}, or {'missing'}.
local id, room, ms, why = unpack(ARGV)
local epoch = redis.call('HGET', key_of('r:' .. room), 'epoch')
if not epoch then return {'missing'} end
though_full()
local members = remove_room(room)
order(id, 'room:' .. room, tonumber(ms), epoch, why)
return {'ok', members}
