-- Returns the state of a session, after a change to it that was not answered in time.
-- PARTS head session room wall
-- ARGV  session, owner
-- Returns {'ok', nick, fold, at, rows of its rooms, and what `with_change` adds}, or {'gone'}.
local sid = ARGV[1]
if not owns(sid, ARGV[2]) then return {'gone'} end
local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold', 'life', 'gen')
local reply = {'ok', session[1], session[2], int(wall_ms()), rows_of(sid)}
return with_change(ARGV[2], reply, session[3], session[4])
