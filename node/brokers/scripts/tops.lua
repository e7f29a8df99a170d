-- Returns the newest position of many logs, and repairs the hashes of logs that are lost in part.
-- PARTS head log mend settle wall
-- ARGV  for each log: its name, the epoch that the node knows ('' if none)
-- Returns epoch, top, id and number of members of each, one after the other; '' for a missing log. A log
-- without its entries has no id, so it differs from what any node knows. One call repairs MENDED logs at
-- most, because their entries may be long; a list of LISTED members counts as one. A room whose members are found to be lost counts as empty for
-- BARE_MS: in that time each node notices, and puts back its own members.
local MENDED, LISTED, BARE_MS = 20, 250, 6000
local heads, mended = {}, 0

-- The number of seats; a list of members that does not fit them is made again.
local function members_of(log, meta)
  if string.sub(log, 1, 2) ~= 'r:' then return 0 end
  local key, bare = key_of(log), tonumber(meta[4] or '')
  local count = redis.call('HLEN', key .. ':seats')
  if meta[1] then see_loss(key, count, meta[5]) end
  if mended < MENDED and redis.call('ZCARD', key .. ':members') ~= count then
    mended = mended + 1 + count / LISTED
    list_members(key)
  end
  if tonumber(meta[5] or count) ~= count then
    redis.call('HSET', key, 'size', count)
    return 0
  end
  if bare and math.abs(wall_ms() - bare) < BARE_MS then return 0 end
  if bare then redis.call('HDEL', key, 'bare') end
  return count
end

for n = 1, #ARGV, 2 do
  local log, known = ARGV[n], ARGV[n + 1]
  local key = key_of(log)
  local meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'bare', 'size')
  local beyond = meta[1] and int(tonumber(meta[2]) + 1) .. '-0' or '-'
  if mended < MENDED and redis.call('XRANGE', key .. ':log', beyond, '+', 'COUNT', 1)[1] then
    mended = mended + 1
    if mend(log, known ~= '' and known or nil) then
      meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'bare', 'size')
    end
  end
  if meta[1] and is_hollow(log) then meta[3] = '' end
  for part = 1, 3 do heads[#heads + 1] = meta[part] or '' end
  heads[#heads + 1] = members_of(log, meta)
end
return heads
