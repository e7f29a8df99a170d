-- Changes to a session: who may make them, their count, and calls that are repeated.
-- PARTS head clock

-- For so long other nodes wait for the first renewal of an incarnation that has sessions already. Less than a
-- lease: so the renewal still tells whether Redis knows the one before.
local AWAITED_MS = 4000

-- Counts a change to the sessions of an incarnation: if the node knows of more changes than Redis has
-- counted, Redis has lost some. Nobody would ever reap its sessions if it died before its first renewal.
local function changed(inc)
  local count = redis.call('HINCRBY', 'chat:{c}:ops', inc, 1)
  if count == 1 then redis.call('ZADD', 'chat:{c}:nodes', 'NX', int(latest_ms() + AWAITED_MS), inc) end
  return count
end

-- The fence of every change: only the owner of a session may make it.
local function owns(sid, owner)
  return redis.call('HGET', 'chat:{c}:session:' .. sid, 'owner') == owner
end

-- The reply to a call that is repeated, as its first reply was lost; nil if it is not. The number of
-- changes in it is the present one, and negative: nothing was counted.
local function answered(sid, op, owner)
  local key = 'chat:{c}:session:' .. sid
  if redis.call('HGET', key, 'op') ~= op then return nil end
  local reply = cjson.decode(redis.call('HGET', key, 'reply'))
  reply[#reply] = -tonumber(redis.call('HGET', 'chat:{c}:ops', node_of(owner)) or 0)
  return reply
end

-- Adds to a reply: life and generation of the session, and the number of changes.
local function with_change(owner, reply, life, gen)
  reply[#reply + 1] = life
  reply[#reply + 1] = int(tonumber(gen))
  reply[#reply + 1] = changed(node_of(owner))
  return reply
end

-- Returns the reply to a call, with what `with_change` adds, and stores it for a repeat; with it more fields
-- and values of the session.
local function answer(sid, op, owner, reply, life, gen, ...)
  with_change(owner, reply, life, gen)
  redis.call('HSET', 'chat:{c}:session:' .. sid, 'op', op, 'reply', cjson.encode(reply), ...)
  return reply
end
