-- Finds the newest entry that a log has in common with what a node knows of it.
-- PARTS log place
-- KEYS hash stream moved never
-- ARGV  log, epoch and branch that the node knows, offset of the first entry that it knows, the ids of
--       that one and of those after it
-- Returns {epoch, top, id, branch, offset of the oldest entry (0: none), its id, offset of the newest
-- common entry (-1: none), how many of these entries were put back elsewhere and have been trimmed}, or
-- {} if the log is missing or its entries are lost.
local log, epoch, branch, first, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), #ARGV - 4
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch', 'moved')
if not meta[1] or is_hollow(log) then return {} end
local top = tonumber(meta[2])
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local start = oldest and tonumber(string.match(oldest[1], '^%d+')) or top + 1
local function is_common(offset)
  local id = ARGV[offset - first + 5]
  if offset > 0 and not (offset == top and id == meta[3]) and id_at(log, offset) ~= id then return false end
  return not (meta[5] and lost_place(log, id, offset, branch))
end
-- Up to some entry all are common, and behind it none is: so halve the range.
local low, high = math.max(first, start - 1), math.min(first + count - 1, top)
local common = -1
if epoch ~= meta[1] then high = -1 end
while low <= high do
  local middle = math.floor((low + high) / 2)
  if is_common(middle) then
    common, low = middle, middle + 1
  else
    high = middle - 1
  end
end
local trimmed = 0
if meta[5] then
  for place = 5, #ARGV, 1000 do
    local ids = {unpack(ARGV, place, math.min(place + 999, #ARGV))}
    for _, moved in ipairs(redis.call('HMGET', KEYS[3], unpack(ids))) do
      if moved and tonumber(string.match(moved, '^%d+')) < start then trimmed = trimmed + 1 end
    end
  end
end
local id = oldest and id_of(oldest) or ''
return {meta[1], top, meta[3], meta[4] or meta[1], oldest and start or 0, id, common, trimmed}
