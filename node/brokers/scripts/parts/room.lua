-- The rooms that there are, and which of them sessions are in, as decided. What a room's own data say of
-- that follows (parts/settle.lua).
-- PARTS head clock rules nick

-- Creates a room if there is none of that name; returns its birth, and whether it was created.
local function make_room(room, birth)
  local there = redis.call('HGET', 'chat:{c}:births', room)
  if there then return there, false end
  redis.call('HSET', 'chat:{c}:births', room, birth)
  redis.call('ZADD', 'chat:{c}:rooms', 0, room)
  -- Redis may have lost only that there is the room.
  if tonumber(redis.call('HGET', 'chat:{c}:counts', room) or 0) <= 0 then
    redis.call('ZADD', 'chat:{c}:idle', 'NX', int(now_ms()), room)
  end
  return birth, true
end

-- Whether there must be a room, as a session is in it, though Redis has lost that it is there. `all`: it
-- has lost all rooms.
local function is_lost(room, birth, all)
  return (nicks_lost() or all) and rule_of('room:' .. room) ~= birth
end

-- Removes a room. Sessions still name its birth, which shows that they are not in a later room.
local function remove_room(room)
  redis.call('HDEL', 'chat:{c}:births', room)
  redis.call('ZREM', 'chat:{c}:rooms', room)
  redis.call('ZREM', 'chat:{c}:idle', room)
  local count = tonumber(redis.call('HGET', 'chat:{c}:counts', room) or 0)
  redis.call('HDEL', 'chat:{c}:counts', room)
  return count
end

-- The rooms that a session is in: room, birth, room, birth... One that has ended is forgotten.
local function rooms_of(sid)
  local key = 'chat:{c}:rooms:' .. sid
  local noted, names, rooms = redis.call('HGETALL', key), {}, {}
  if #noted == 0 then return noted end
  for n = 1, #noted, 2 do names[#names + 1] = noted[n] end
  local births, all = redis.call('HMGET', 'chat:{c}:births', unpack(names)), nil
  for n, birth in ipairs(births) do
    -- Asked before the first room is made again.
    if not birth and all == nil then all = redis.call('EXISTS', 'chat:{c}:births') == 0 end
    if not birth and is_lost(names[n], noted[2 * n], all) then birth = make_room(names[n], noted[2 * n]) end
    if birth == noted[2 * n] then
      rooms[#rooms + 1] = names[n]
      rooms[#rooms + 1] = birth
    else
      redis.call('HDEL', key, names[n])
    end
  end
  return rooms
end

-- Notes that a session is in a room of some birth; it was not in that. Returns how many are in it now.
local function note_in(sid, room, birth)
  redis.call('HSET', 'chat:{c}:rooms:' .. sid, room, birth)
  local count = redis.call('HINCRBY', 'chat:{c}:counts', room, 1)
  if count == 1 then redis.call('ZREM', 'chat:{c}:idle', room) end
  return count
end

-- Counts one session less in a room.
local function count_out(room)
  if redis.call('HINCRBY', 'chat:{c}:counts', room, -1) <= 0 then
    redis.call('HDEL', 'chat:{c}:counts', room)
    redis.call('ZADD', 'chat:{c}:idle', int(now_ms()), room)
  end
end

-- Notes that a session is not in a room any more; returns the room's birth, or nil if it was not in it.
local function note_out(sid, room)
  local key = 'chat:{c}:rooms:' .. sid
  local birth = redis.call('HGET', key, room)
  redis.call('HDEL', key, room)
  if not birth then return nil end
  local there = redis.call('HGET', 'chat:{c}:births', room)
  if not there and is_lost(room, birth) then there = make_room(room, birth) end
  if there ~= birth then return nil end
  count_out(room)
  return birth
end

-- What a reply tells of the rooms that a session is in, for each {room, birth, created (0, 1), sessions in it,
-- 1 if it was not in it before}.
local function rows_of(sid)
  local noted, names, rows = rooms_of(sid), {}, {}
  if #noted == 0 then return rows end
  for n = 1, #noted, 2 do names[#names + 1] = noted[n] end
  for n, count in ipairs(redis.call('HMGET', 'chat:{c}:counts', unpack(names))) do
    rows[n] = {names[n], noted[2 * n], 0, tonumber(count or 0), 0}
  end
  return rows
end
