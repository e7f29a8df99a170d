-- Ends the session that has a nick, on whichever node it is, and keeps its key out for some time; with a
-- ban, the nick cannot be taken either. The nodes tell its rooms when they have read the rule.
-- PARTS head announce nick finish
-- ARGV  id, folded nick, ms of the ban ('' for none, 0 for ever), why (a JSON string, or ''), ms for
--       which the key is kept out
-- Returns {'ok', nick} ('' if no session had it), or {'nobody'}.
local id, fold, ban, why = unpack(ARGV, 1, 4)
local sid = redis.call('HGET', 'chat:{c}:nicks', fold)
-- A key may still stand for a session that has given it up.
local names = sid and names_of(sid) or ''
local is_holder = string.find(' ' .. names .. ' ', ' ' .. fold .. ' ', 1, true)
local nick = is_holder and redis.call('HGET', 'chat:{c}:session:' .. sid, 'nick')
if not nick and ban == '' then return {'nobody'} end
though_full()
if ban ~= '' then add_rule(id, 'nick:' .. fold, tonumber(ban), '-', why) end
if nick then
  finish(sid, 'kicked', id, why)
  add_rule(id, 'kick:' .. sid, tonumber(ARGV[5]), '-', why)
end
return {'ok', nick or ''}
