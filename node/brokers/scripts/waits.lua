-- Writes a value, so that WAIT has a write to wait for: a replica that has it has all writes before it.
-- PARTS head
-- KEYS waits never
-- ARGV  (none)
-- Returns the number of such calls.
though_full()
return redis.call('INCR', KEYS[1])
