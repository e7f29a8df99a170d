-- Frees the names that sessions have given up, if all their rooms know them in a generation that is not older,
-- and those that they have left know that.
-- PARTS outs
-- ARGV  for each session: its id, the generation that its rooms know
-- Returns {'ok'}.
for n = 1, #ARGV, 2 do
  local sid, key = ARGV[n], 'chat:{c}:session:' .. ARGV[n]
  local session = redis.call('HMGET', key, 'oldgen', 'old')
  if session[1] and tonumber(ARGV[n + 1]) >= tonumber(session[1]) then
    redis.call('HDEL', key, 'old', 'oldgen')
    give_up(sid, session[2] or '')
  end
end
return {'ok'}
