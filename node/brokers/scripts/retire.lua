-- Ends the lease of an incarnation that shuts down; what it may still hold is reaped at once.
-- ARGV  incarnation
though_full()
if redis.call('ZSCORE', 'chat:nodes', ARGV[1]) then
  redis.call('ZADD', 'chat:nodes', int(now_ms()), ARGV[1])
end
return 1
