-- Frees the names that a session has given up, if all its rooms know it in a generation that is not older.
-- PARTS outs
-- ARGV  session, the generation that they know
-- Returns {'ok'}.
local sid, key = ARGV[1], 'chat:{c}:session:' .. ARGV[1]
local session = redis.call('HMGET', key, 'oldgen', 'old')
if session[1] and tonumber(ARGV[2]) >= tonumber(session[1]) then
  redis.call('HDEL', key, 'old', 'oldgen')
  release(sid, session[2] or '')
end
return {'ok'}
