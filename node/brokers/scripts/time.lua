-- Tells the time by the clock of a server, so that nodes can compare it with those of others.
-- PARTS wall
-- KEYS never
-- ARGV  none
-- Returns Unix time in ms.
return wall_ms()
