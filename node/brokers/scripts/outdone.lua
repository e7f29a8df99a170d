-- Forgets departures that rooms know; the nick of a session that has ended is free after the last one.
-- PARTS head outs
-- ARGV  session, then for each departure: gen, room
-- Returns {'ok'}.
local sid, key = ARGV[1], 'chat:{c}:out:' .. ARGV[1]
though_full()
for n = 2, #ARGV, 2 do redis.call('HDEL', key, ARGV[n] .. ' ' .. ARGV[n + 1]) end
if redis.call('EXISTS', key) == 0 then
  redis.call('ZREM', 'chat:{c}:outs', sid)
  local names = redis.call('SMEMBERS', 'chat:{c}:end:' .. sid)
  redis.call('DEL', 'chat:{c}:end:' .. sid)
  release(sid, table.concat(names, ' '))
end
return {'ok'}
