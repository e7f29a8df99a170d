-- Writes something, so that WAIT has something to wait for: a replica that has this has all before it.
-- ARGV  (none)
-- Returns how often that was done.
though_full()
return redis.call('INCR', 'chat:waits')
