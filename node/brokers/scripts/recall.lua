-- Lifts a moderation rule.
-- PARTS head rules announce
-- ARGV  id, field
-- Returns {'ok'}, or {'missing'} if there is none in force.
local extra = rule_of(ARGV[2])
though_full()
redis.call('HDEL', 'chat:{c}:orders', ARGV[2])
if not extra then return {'missing'} end
announce_rules(ARGV[1])
return {'ok'}
