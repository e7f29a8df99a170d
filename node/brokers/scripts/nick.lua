-- Gives a session another nick. The former one is free once its rooms know the new one (named.lua).
-- PARTS head rules room session nick outs finish wall
-- ARGV  op, session, owner, nick, the keys that it reserves, until when sessions may be reaped
-- Returns {'ok', old nick, at, rows of its rooms, and what `with_change` adds}, {'taken'}, {'ending',
-- session}, {'banned'}, {'unhealed'} or {'gone'}.
local op, sid, owner, nick, wanted = unpack(ARGV, 1, 5)
local fold = fold_of(wanted)
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local key = 'chat:{c}:session:' .. sid
local session = redis.call('HMGET', key, 'nick', 'life', 'gen', 'old')
local at = int(wall_ms())
if session[1] == nick then return {'ok', nick, at, {}, session[2], session[3], 0} end
if is_banned(wanted) then return {'banned'} end
if nicks_lost() then return {'unhealed'} end
local status, holder = taken(sid, wanted, op, tonumber(ARGV[6]))
if status then return {status, holder} end
local old = {}
for name in string.gmatch(names_of(sid) .. ' ' .. (session[4] or ''), '[^ ]+') do
  if not string.find(' ' .. wanted .. ' ', ' ' .. name .. ' ', 1, true) then old[#old + 1] = name end
end
local gen = int(next_gen(session[3]))
redis.call('HSET', key, 'nick', nick, 'fold', fold, 'gen', gen, 'old', table.concat(old, ' '), 'oldgen', gen)
take_names(sid, wanted)
return answer(sid, op, owner, {'ok', session[1], at, rows_of(sid)}, session[2], gen)
