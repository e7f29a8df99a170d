-- Says what a session's seat in a room should be.
-- PARTS head outs
-- ARGV  room, its birth, then for each seat: session, life, gen
-- Returns {'ok', rows...}: {'in', gen, nick, fold, owner ('-': none)}, or {'out', gen}.
local room, birth, rows = ARGV[1], ARGV[2], {'ok'}
for n = 3, #ARGV, 3 do
  local sid, life, gen = ARGV[n], ARGV[n + 1], tonumber(ARGV[n + 2])
  local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'life', 'gen', 'nick', 'fold', 'owner')
  local is_in = redis.call('HGET', 'chat:{c}:rooms:' .. sid, room) == birth
  if session[1] == life and is_in then
    local owner = session[5] ~= '' and session[5] or '-'
    rows[#rows + 1] = {'in', session[2], session[3], session[4], owner}
  else
    rows[#rows + 1] = {'out', int(next_gen(math.max(gen, tonumber(session[2] or 0))))}
  end
end
return rows
