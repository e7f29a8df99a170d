-- Asks Redis how it keeps its data, and how full it is.
-- ARGV  (none)
-- Returns the sections `memory` and `persistence` of INFO, '' where this user may not see them.
local memory, persistence = redis.pcall('INFO', 'memory'), redis.pcall('INFO', 'persistence')
return {memory.err and '' or memory, persistence.err and '' or persistence}
