-- Puts a session into a room that exists ('join'), or that does not exist yet ('create').
-- PARTS head room session now
-- ARGV  op, session, owner, 'join' or 'create', room, notices, cap
-- Returns {'ok', position, members, created, quiet, birth, and what `with_change` adds}, {'exists'}, {'missing'}, {'gone'}.
local op, sid, owner, how, room = unpack(ARGV, 1, 5)
local set = {notices = tonumber(ARGV[6]), cap = tonumber(ARGV[7])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local exists = redis.call('HEXISTS', 'chat:{c}:births', room) == 1
if how == 'create' and exists then return {'exists'} end
if how == 'join' and not exists then return {'missing'} end
local birth, made = make_room(room, op)
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold', 'life', 'gen')
local gen = tonumber(session[4])
if redis.call('HGET', 'chat:{c}:rooms:' .. sid, room) ~= birth then
  gen = next_gen(gen)
  redis.call('HSET', 'chat:{c}:session:' .. sid, 'gen', int(gen))
  note_in(sid, room, birth)
end
local item = {sid = sid, gen = gen, life = session[3], want = 'in', id = op .. 'j', fold = session[2],
  nick = session[1], owner = owner}
local found, frame
found, frame, birth = settle_now(room, birth, item, set)
if not found then return {'gone'} end
local _, position, size, quiet = unpack(found)
return answer(sid, op, owner, {'ok', position, size, made and 1 or 0, quiet, birth}, {frame})
