-- Takes a session out of a room.
-- PARTS head leave session
-- ARGV  op, session, owner, room, notices, cap
-- Returns {'ok', position, at, {frame of `left`}, changes} (in a quiet room position and at are '', and there
-- is no frame), or {'gone'}.
local op, sid, owner, room = unpack(ARGV, 1, 4)
local set = {notices = tonumber(ARGV[5]), cap = tonumber(ARGV[6])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
though_full()
local names = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold')
local position, at, frame = exit(sid, names[1], names[2], room, 'left', op .. 'l', set)
return answer(sid, op, {'ok', position, at, {frame}, changed(node_of(owner))})
