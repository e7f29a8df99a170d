-- Forgets departures that rooms know; the nick of a session that has ended is free after the last one.
-- PARTS outs head
-- ARGV  for each session: its id, number of departures, then for each of these: gen, room
-- Returns {'ok'}.
though_full()
local place = 1
while place < #ARGV do
  local sid, count = ARGV[place], tonumber(ARGV[place + 1])
  local key = 'chat:{c}:out:' .. sid
  for n = place + 2, place + 2 * count, 2 do redis.call('HDEL', key, ARGV[n] .. ' ' .. ARGV[n + 1]) end
  place = place + 2 + 2 * count
  if redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', 'chat:{c}:outs', sid)
    local names = redis.call('SMEMBERS', 'chat:{c}:end:' .. sid)
    redis.call('DEL', 'chat:{c}:end:' .. sid)
    release(sid, table.concat(names, ' '))
  end
end
return {'ok'}
