-- Forgets that the data of a room were to be deleted.
-- PARTS head
-- ARGV  marks, as outs.lua returns them
-- Returns {'ok'}.
though_full()
redis.call('ZREM', 'chat:{c}:outs', unpack(ARGV))
return {'ok'}
