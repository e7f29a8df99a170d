-- Sessions: their nicks, their ends, and the count of their changes.

-- Counts a change to the sessions of an incarnation: if the node knows of more changes than Redis has
-- counted, Redis has lost some.
local function changed(inc) return redis.call('HINCRBY', 'chat:ops', inc, 1) end

local function fold_of(names) return string.match(names, '^[^ ]*') end

-- The keys that a session's nick reserves, or nil if there is no such session. A node of version 0.1
-- changes only `fold`.
local function names_of(sid)
  local found = redis.call('HMGET', 'chat:session:' .. sid, 'looks', 'fold')
  if found[1] and fold_of(found[1]) == found[2] then return found[1] end
  return found[2] or nil
end

-- Reserves keys for a session's nick.
local function take_names(sid, names)
  local key = 'chat:session:' .. sid
  for name in string.gmatch(names, '[^ ]+') do redis.call('HSET', 'chat:nicks', name, sid) end
  if string.find(names, ' ', 1, true) then
    redis.call('HSET', key, 'looks', names)
  else
    redis.call('HDEL', key, 'looks')
  end
end

local function free_names(sid, names)
  for name in string.gmatch(names, '[^ ]+') do
    if redis.call('HGET', 'chat:nicks', name) == sid then redis.call('HDEL', 'chat:nicks', name) end
  end
end

-- For so long no nick can be taken, while nodes put back those that they know: as long as a lease.
local NICKS_LOST_MS = 8000

-- Whether a node is known to have the connection of a session.
local function is_connected(sid)
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:nodes', 0, -1)) do
    if redis.call('SISMEMBER', 'chat:at:' .. inc, sid) == 1 then return true end
  end
  return false
end

-- When Redis was found to have lost all nicks of sessions; nil if it has not, or they must be back by now.
local function nicks_lost()
  local lost = redis.call('GET', 'chat:nicks:lost')
  if lost or redis.call('EXISTS', 'chat:nicks') == 1 then return lost end
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:nodes', 0, -1)) do
    if redis.call('SCARD', 'chat:at:' .. inc) > 0 then
      lost = int(wall_ms())
      redis.call('SET', 'chat:nicks:lost', lost, 'PX', NICKS_LOST_MS)
      return lost
    end
  end
end

-- For so long the call that began a session may be repeated: longer than a node repeats it.
local ENDED_MS = 30000

-- Ends a session: it leaves its rooms, its nick becomes free, and its inbox is deleted.
local function finish(sid, reason, id, set, why)
  local key = 'chat:session:' .. sid
  local session = redis.call('HMGET', key, 'nick', 'fold', 'owner', 'hellos')
  if not session[1] then return end
  local rooms = redis.call('HKEYS', 'chat:rooms:' .. sid)
  for n, room in ipairs(rooms) do
    exit(sid, session[1], session[2], room, reason, id .. 'k' .. n, set, why)
  end
  free_names(sid, names_of(sid))
  if session[3] ~= '' then redis.call('SREM', 'chat:at:' .. node_of(session[3]), sid) end
  redis.call('ZREM', 'chat:grace', sid)
  work = work + 1 + #rooms + redis.call('XLEN', key_of('i:' .. sid) .. ':log') / ENTRIES
  redis.call('DEL', key, 'chat:rooms:' .. sid)
  drop_log('i:' .. sid)
  if session[4] then redis.call('SET', 'chat:ended:' .. sid, session[4], 'PX', ENDED_MS) end
end

-- Ends a session if its grace period was over at `set.reap`: reap.lua may be late.
local function finish_if_due(sid, id, set)
  local due = redis.call('ZSCORE', 'chat:grace', sid)
  if due and tonumber(due) <= math.min(now_ms(), set.reap) then finish(sid, 'lost', id, set) end
end

-- Whether another session has a nick that reserves any of `names`. With `op`, a session whose grace period
-- is over is ended, unless much has been done already: then reap.lua ends it. A key may still stand for a
-- session that has ended, or that has another nick by now.
local function taken(sid, names, op, set)
  local place = 0
  for name in string.gmatch(names, '[^ ]+') do
    local holder = redis.call('HGET', 'chat:nicks', name)
    if holder and holder ~= sid then
      place = place + 1
      if op and work <= 2 * ENOUGH then finish_if_due(holder, op .. 'h' .. place, set) end
      local theirs = names_of(holder)
      -- The nick of a session that Redis has lost is not known until its node has put it back.
      if not theirs and is_connected(holder) then return true end
      if theirs and string.find(' ' .. theirs .. ' ', ' ' .. name .. ' ', 1, true) then return true end
    end
  end
  return false
end

-- The fence of every change: only the owner of a session may make it.
local function owns(sid, owner)
  return redis.call('HGET', 'chat:session:' .. sid, 'owner') == owner
end
