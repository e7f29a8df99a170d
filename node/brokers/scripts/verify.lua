-- Says what sessions' seats in a room should be.
-- PARTS outs head
-- ARGV  room, its birth, then for each seat: session, life, gen
-- Returns {'ok', rows...}: {'in', gen, nick, fold, owner ('-': none)}, {'out', gen}, or {'later', gen} if a
-- departure of the session is to be settled anyway.
local room, birth, rows = ARGV[1], ARGV[2], {'ok'}
for n = 3, #ARGV, 3 do
  local sid, life, gen = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'life', 'gen', 'nick', 'fold', 'owner')
  local is_in = redis.call('HGET', 'chat:{c}:rooms:' .. sid, room) == birth
  if session[1] == life and is_in then
    local owner = session[5] ~= '' and session[5] or '-'
    if tonumber(session[2]) < tonumber(gen) then
      -- Redis has lost the generation that the room knows.
      session[2] = int(next_gen(gen))
      redis.call('HSET', 'chat:{c}:session:' .. sid, 'gen', session[2])
    end
    rows[#rows + 1] = {'in', session[2], session[3], session[4], owner}
  else
    local waits = redis.call('EXISTS', 'chat:{c}:out:' .. sid) == 1
    rows[#rows + 1] = {waits and 'later' or 'out', gen}
  end
end
return rows
