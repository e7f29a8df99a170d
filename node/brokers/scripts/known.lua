-- Says whether a room's log knows a position, or need not: no node remembers entries that have been trimmed.
-- PARTS place
-- KEYS hash stream moved never
-- ARGV  log, epoch, offset and id of the position
-- Returns 1 or 0.
local log, epoch, offset, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch', 'moved', 'cut')
if not meta[1] then return 0 end
if place_of(log, meta, epoch, offset, id, '') ~= 'off' then return 1 end
local cut = meta[1] == epoch and tonumber(string.match(meta[6] or '', '^%d+') or 0)
return cut and offset <= cut and 1 or 0
