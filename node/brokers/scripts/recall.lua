-- Takes an order back.
-- ARGV  id, field
-- Returns {'ok'}, or {'missing'} if there is none that holds.
local held = order_of(ARGV[2])
though_full()
redis.call('HDEL', 'chat:orders', ARGV[2])
if not held then return {'missing'} end
tell_orders(ARGV[1])
return {'ok'}
