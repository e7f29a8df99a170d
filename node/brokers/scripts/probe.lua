-- Publishes a probe to a node, so that it notices when a server does not deliver to it.
-- KEYS channel never
-- ARGV  payload
-- Returns {'ok'}.
redis.call('SPUBLISH', KEYS[1], ARGV[1])
return {'ok'}
