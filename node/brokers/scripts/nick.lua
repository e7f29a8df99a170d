-- Gives a session another nick; its rooms see `renamed`.
-- PARTS head clock rules room session nick now finish
-- ARGV  op, session, owner, nick, the keys that it reserves, notices, cap, until when sessions may be reaped
-- Returns {'ok', old nick, at, and what `with_change` adds}, {'taken'}, {'banned'},
-- {'unhealed'} or {'gone'}.
local op, sid, owner, nick, wanted = unpack(ARGV, 1, 5)
local fold = fold_of(wanted)
local set = {notices = tonumber(ARGV[6]), cap = tonumber(ARGV[7]), reap = tonumber(ARGV[8])}
local before = answered(sid, op, owner)
if before then return before end
if not owns(sid, owner) then return {'gone'} end
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'life', 'gen')
local at = int(wall_ms())
if session[1] == nick then return {'ok', nick, at, session[2], session[3], {}, 0} end
if is_banned(wanted) then return {'banned'} end
if nicks_lost() then return {'unhealed'} end
if taken(sid, wanted, op, set) then return {'taken'} end
free_names(sid, names_of(sid))
take_names(sid, wanted)
local gen = next_gen(session[3])
redis.call('HSET', 'chat:{c}:session:' .. sid, 'nick', nick, 'fold', fold, 'gen', int(gen))
local rooms, notices = rooms_of(sid), {}
for n = 1, #rooms, 2 do
  local item = {sid = sid, gen = gen, life = session[2], want = 'in', id = op .. 'r' .. int((n + 1) / 2),
    fold = fold, nick = nick, owner = owner}
  local _, frame = settle_now(rooms[n], rooms[n + 1], item, set)
  notices[#notices + 1] = frame
end
return answer(sid, op, owner, {'ok', session[1], at}, notices)
