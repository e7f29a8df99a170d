-- Shows nodes of format 1 which format the data have: they look at another key than later ones.
-- KEYS format never
-- ARGV  format of the data
-- Returns the format that such a node finds.
local found = redis.call('GET', KEYS[1])
if found then return found end  -- Also by a full Redis.
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
