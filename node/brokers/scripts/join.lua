-- Puts a session into a room that exists ('join'), or that does not exist yet ('create').
-- PARTS head room session outs
-- ARGV  op, session, owner, 'join' or 'create', room
-- Returns {'ok', row of the room (rows_of), nick, fold, its departures from this room, and what
-- `with_change` adds}; {'exists'}, {'missing'}, {'gone'}.
local op, sid, owner, how, room = unpack(ARGV, 1, 5)
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local exists = redis.call('HEXISTS', 'chat:{c}:births', room) == 1
if how == 'create' and exists then return {'exists'} end
if how == 'join' and not exists then return {'missing'} end
local birth, made = make_room(room, op)
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold', 'gen', 'life')
local gen, count = session[3], nil
if redis.call('HGET', 'chat:{c}:rooms:' .. sid, room) ~= birth then
  gen = next_gen(gen)
  redis.call('HSET', 'chat:{c}:session:' .. sid, 'gen', int(gen))
  count = note_in(sid, room, birth)
else
  count = tonumber(redis.call('HGET', 'chat:{c}:counts', room) or 0)
end
local row = {room, birth, made and 1 or 0, count, 1}
return answer(sid, op, owner, {'ok', row, session[1], session[2], departures(sid, room)}, session[4], gen)
