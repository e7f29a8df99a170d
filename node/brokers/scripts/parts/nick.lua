-- Nicks, and the keys that they reserve.
-- PARTS head wall

local function fold_of(names) return string.match(names, '^[^ ]*') end

-- The keys that a session's nick reserves, or nil if there is no such session. `looks` counts only if it is
-- that of the nick.
local function names_of(sid)
  local found = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'looks', 'fold')
  if found[1] and fold_of(found[1]) == found[2] then return found[1] end
  return found[2] or nil
end

-- Reserves keys for a session's nick.
local function take_names(sid, names)
  local key = 'chat:{c}:session:' .. sid
  for name in string.gmatch(names, '[^ ]+') do redis.call('HSET', 'chat:{c}:nicks', name, sid) end
  if string.find(names, ' ', 1, true) then
    redis.call('HSET', key, 'looks', names)
  else
    redis.call('HDEL', key, 'looks')
  end
end

-- For so long no nick can be taken, while nodes put back those that they know: as long as a lease.
local NICKS_LOST_MS = 8000

-- Whether a node is known to have the connection of a session.
local function is_connected(sid)
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:{c}:nodes', 0, -1)) do
    if redis.call('SISMEMBER', 'chat:{c}:at:' .. inc, sid) == 1 then return true end
  end
  return false
end

-- The mark of a loss stays for so long if nobody puts back a nick or a room: the same loss is not counted twice.
local MARK_MS = 600000

-- When Redis was found to have lost all nicks of sessions, or all rooms; nil if it has not, or they must be
-- back by now.
local function nicks_lost()
  local lost = redis.call('GET', 'chat:{c}:nicks:lost')
  if lost and math.abs(wall_ms() - (tonumber(lost) or 0)) < NICKS_LOST_MS then return lost end
  if redis.call('EXISTS', 'chat:{c}:nicks', 'chat:{c}:births') == 2 then
    if lost then redis.call('DEL', 'chat:{c}:nicks:lost') end
    return nil
  end
  if lost then return nil end
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:{c}:nodes', 0, -1)) do
    if redis.call('SCARD', 'chat:{c}:at:' .. inc) > 0 then
      lost = int(wall_ms())
      redis.call('SET', 'chat:{c}:nicks:lost', lost, 'PX', MARK_MS)
      return lost
    end
  end
end
