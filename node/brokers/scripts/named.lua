-- Frees the names that a session has given up: all its rooms know its nick.
-- PARTS outs
-- ARGV  session, the generation that they know
-- Returns {'ok'}.
local sid, key = ARGV[1], 'chat:{c}:session:' .. ARGV[1]
local session = redis.call('HMGET', key, 'gen', 'old')
if session[1] == ARGV[2] and session[2] and session[2] ~= '' then
  redis.call('HDEL', key, 'old')
  release(sid, session[2])
end
return {'ok'}
