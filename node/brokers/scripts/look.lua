-- Reads how Redis stores its data, and how full it is.
-- ARGV  (none)
-- Returns the sections `memory` and `persistence` of INFO, '' for one that this user may not read.
local memory, persistence = redis.pcall('INFO', 'memory'), redis.pcall('INFO', 'persistence')
return {memory.err and '' or memory, persistence.err and '' or persistence}
