-- Decides that a session leaves a room; the room is told later (parts/outs.lua).
-- PARTS head session outs
-- ARGV  op, session, owner, room
-- Returns {'ok', its departures from the room, and what `with_change` adds}, or {'gone'}.
local op, sid, owner, room = unpack(ARGV, 1, 4)
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
though_full()
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'life', 'gen', 'fold', 'nick')
local gen = next_gen(session[2])
redis.call('HSET', 'chat:{c}:session:' .. sid, 'gen', int(gen))
depart(sid, session[1], gen, room, 'left', op .. 'l', session[3] .. ' ' .. session[4])
return answer(sid, op, owner, {'ok', departures(sid, room)}, session[1], gen)
