-- Changes to a session: who may make them, their count, and calls that are repeated.
-- PARTS head

-- Counts a change to the sessions of an incarnation: if the node knows of more changes than Redis has
-- counted, Redis has lost some.
local function changed(inc) return redis.call('HINCRBY', 'chat:{c}:ops', inc, 1) end

-- The fence of every change: only the owner of a session may make it.
local function owns(sid, owner)
  return redis.call('HGET', 'chat:{c}:session:' .. sid, 'owner') == owner
end

-- The reply to a call that is repeated, as its first reply was lost; nil if it is not. The number of
-- changes in it (at `place`, or its last part) is the present one, and negative: nothing was counted.
local function answered(sid, op, owner, place)
  local last = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'op', 'reply')
  if last[1] ~= op then return nil end
  local reply = cjson.decode(last[2])
  reply[place or #reply] = -tonumber(redis.call('HGET', 'chat:{c}:ops', node_of(owner)) or 0)
  return reply
end

-- Returns the reply to a call, and stores it for a repeat.
local function answer(sid, op, reply)
  redis.call('HSET', 'chat:{c}:session:' .. sid, 'op', op, 'reply', cjson.encode(reply))
  return reply
end

-- The rooms that a session is in, and where it joined each of them: room, position, room, position...
-- A closed room that the session still names is left out.
local function rooms_of(sid)
  local noted, rooms = redis.call('HGETALL', 'chat:{c}:rooms:' .. sid), {}
  if redis.call('EXISTS', 'chat:{c}:closed') == 0 then return noted end
  for n = 1, #noted, 2 do
    local epoch = string.match(noted[n + 1], '^%w+')
    if not redis.call('ZSCORE', 'chat:{c}:closed', noted[n] .. ' ' .. epoch) then
      rooms[#rooms + 1] = noted[n]
      rooms[#rooms + 1] = noted[n + 1]
    end
  end
  return rooms
end
