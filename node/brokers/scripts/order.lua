-- Adds a moderation rule that only the nodes apply: the ban of a network.
-- PARTS head announce
-- ARGV  id, field, ms (0 for ever), why (a JSON string, or '')
-- Returns {'ok'}.
though_full()
add_rule(ARGV[1], ARGV[2], tonumber(ARGV[3]), '-', ARGV[4])
return {'ok'}
