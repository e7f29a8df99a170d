-- Reads the newest entries of a log.
-- ARGV  log, how many
-- Returns as read.lua does; entries are the newest ones, oldest first.
local key = key_of(ARGV[1])
local meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
if not meta[1] then return {'off'} end
local found = redis.call('XREVRANGE', key .. ':log', '+', '-', 'COUNT', ARGV[2])
local entries = {}
for n = #found, 1, -1 do entries[#entries + 1] = found[n] end
return {'on', meta[1], tonumber(meta[2]), meta[3], entries}
