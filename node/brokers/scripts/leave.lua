-- Takes a session out of a room.
-- PARTS head session now finish
-- ARGV  op, session, owner, room, notices, cap
-- Returns {'ok', position, at, and what `with_change` adds} (in a quiet room position and at are ''), or
-- {'gone'}.
local op, sid, owner, room = unpack(ARGV, 1, 4)
local set = {notices = tonumber(ARGV[5]), cap = tonumber(ARGV[6])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
though_full()
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'life', 'gen')
local gen = next_gen(session[2])
redis.call('HSET', 'chat:{c}:session:' .. sid, 'gen', int(gen))
local position, at, frame = exit(sid, session[1], gen, room, 'left', op .. 'l', set)
return answer(sid, op, owner, {'ok', position, at}, {frame})
