-- Writes a value, so that WAIT has a write to wait for: a replica that has it has all writes before it.
-- KEYS waits never
-- ARGV  (none)
-- Returns the number of such calls.
-- The first write needs no memory, so a full Redis lets the second one run as well (as `though_full` does,
-- whose key is of the sessions; this one is run at every server of a cluster).
redis.call('GETEX', KEYS[1])
return redis.call('INCR', KEYS[1])
