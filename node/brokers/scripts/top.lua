-- Returns the newest position of a log, and repairs what is lost of it in part.
-- PARTS head log mend seat wall
-- KEYS hash stream moved members seats never
-- ARGV  log, the epoch that the node knows ('' if none)
-- Returns {epoch, top, id, number of members}; the first three are '' for a missing log. A log without its
-- entries has no id, so it differs from what any node knows. A room whose members are found to be lost counts
-- as empty for BARE_MS: in that time each node notices, and puts back its own members.
local BARE_MS = 6000
local log, known = ARGV[1], ARGV[2]
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'bare', 'size')
local beyond = meta[1] and int(tonumber(meta[2]) + 1) .. '-0' or '-'
if redis.call('XRANGE', KEYS[2], beyond, '+', 'COUNT', 1)[1] and mend(log, known ~= '' and known or nil) then
  meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'bare', 'size')
end

-- The number of seats; a list of members that does not fit them is made again.
local function members()
  if string.sub(log, 1, 2) ~= 'r:' then return 0 end
  local count, bare = redis.call('HLEN', KEYS[5]), tonumber(meta[4] or '')
  if redis.call('ZCARD', KEYS[4]) ~= count then list_members(KEYS[1]) end
  if meta[1] and see_loss(KEYS[1], count, meta[5]) then
    redis.call('HSET', KEYS[1], 'size', count)
    return 0
  end
  if bare and math.abs(wall_ms() - bare) < BARE_MS then return 0 end
  if bare then redis.call('HDEL', KEYS[1], 'bare') end
  return count
end

local count = members()
if meta[1] and is_hollow(log) then meta[3] = '' end
return {meta[1] or '', meta[2] or '', meta[3] or '', count}
