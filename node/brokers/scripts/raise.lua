-- Gives a session a generation above one that a room knows: Redis had lost it.
-- PARTS head session outs
-- ARGV  session, owner, the generation of the room
-- Returns {'ok', gen}, or {'gone'}.
local sid, owner, told = unpack(ARGV, 1, 3)
if not owns(sid, owner) then return {'gone'} end
local key = 'chat:{c}:session:' .. sid
local gen = int(next_gen(math.max(tonumber(redis.call('HGET', key, 'gen') or 0), tonumber(told))))
redis.call('HSET', key, 'gen', gen)
return {'ok', gen}
