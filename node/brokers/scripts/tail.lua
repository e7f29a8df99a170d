-- Reads the newest entries of a log.
-- PARTS page
-- KEYS hash stream moved never
-- ARGV  log, how many
-- Returns as read.lua does; the entries are the newest ones, oldest first, and fewer if they are long.
local log = ARGV[1]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch', 'moved')
if not meta[1] then return {'off'} end
local found = page_of(log, 'XREVRANGE', '+', '-', tonumber(ARGV[2]))
local entries = {}
for n = #found, 1, -1 do entries[#entries + 1] = found[n] end
if meta[5] then entries = with_homes(log, entries) end
return {'on', meta[1], tonumber(meta[2]), meta[3], meta[4] or meta[1], tonumber(meta[5] or 0), entries, 0, ''}
