-- Ends the lease of an incarnation that shuts down; sessions that it still has are reaped at once.
-- PARTS head clock
-- ARGV  incarnation
though_full()
if redis.call('ZSCORE', 'chat:{c}:nodes', ARGV[1]) then
  redis.call('ZADD', 'chat:{c}:nodes', int(now_ms()), ARGV[1])
  local about = 'chat:{c}:about:' .. ARGV[1]
  -- Not if it is gone: the key would stay for ever.
  if redis.call('EXISTS', about) == 1 then redis.call('HSET', about, 'retired', 1) end
end
return 1
