-- Reads a page of a log after a position.
-- PARTS head log place page
-- KEYS hash stream moved never
-- ARGV  log, epoch, offset and id of the position (offset 0: from the beginning), most entries, branch of
--       the position (place_of in parts/place.lua describes it), most bytes ('' or none: those of a page)
-- Returns {'on', epoch, top, id, branch, offset of the newest entry that has a home, entries after the
-- position}; {'moved', ..., entries from the fork on, fork, branch of the position}, if the entry of the
-- position has another offset now; {'off', ..., the oldest entries}, if the log does not have the
-- position; or {'off'} alone, if the log is missing or its entries are lost. A page has fewer entries than
-- were asked for if they are long: it is the last one if it contains the top.
local log, epoch, offset, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch', 'moved')
if not meta[1] or is_hollow(log) then return {'off'} end
local status, from, _, lost = place_of(log, meta, epoch, offset, id, ARGV[6])
local entries = page_of(log, 'XRANGE', int(from) .. '-0', '+', tonumber(ARGV[5]), tonumber(ARGV[7] or ''))
if meta[5] then entries = with_homes(log, entries) end
local branch, moved = meta[4] or meta[1], tonumber(meta[5] or 0)
return {status, meta[1], tonumber(meta[2]), meta[3], branch, moved, entries, lost and from or 0, lost or ''}
