-- Puts a session into a room that exists ('join'), or that does not exist yet ('create').
-- PARTS head room session
-- ARGV  op, session, owner, 'join' or 'create', room, notices, cap
-- Returns {'ok', position, members, created, quiet, {frame of `entered`, if it was appended}, changes},
-- {'exists'}, {'missing'}, {'gone'}.
local op, sid, owner, how, room = unpack(ARGV, 1, 5)
local set = {notices = tonumber(ARGV[6]), cap = tonumber(ARGV[7])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local exists = redis.call('EXISTS', key_of('r:' .. room)) == 1
if how == 'create' and exists then return {'exists'} end
if how == 'join' and not exists then return {'missing'} end
local created = make_room(room, op) and 1 or 0
local position = redis.call('HGET', 'chat:{c}:rooms:' .. sid, room)
local names = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold')
local size, quiet, frame
local members = key_of('r:' .. room) .. ':members'
-- The session may still name a closed room of this name.
if position and redis.call('ZSCORE', members, names[2] .. '\0' .. names[1]) then
  size = redis.call('ZCARD', members)
  quiet = size > set.notices and 1 or 0
else
  position, size, quiet, frame = enter(sid, names[1], names[2], room, op .. 'j', set)
end
return answer(sid, op, {'ok', position, size, created, quiet, {frame}, changed(node_of(owner))})
