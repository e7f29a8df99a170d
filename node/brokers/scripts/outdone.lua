-- Forgets departures that rooms know; names that the session has given up are free after the last one.
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
    free_names(sid, '')
  end
end
return {'ok'}
