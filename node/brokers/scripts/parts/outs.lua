-- Sessions that have left rooms, as decided, but whose rooms do not know it yet. Such a departure stands in
-- `out:SID` until a node, any of them, has settled it. So a `left` is certain, whichever node dies.
-- PARTS head clock nick room wall

-- A number that grows with each change of a session that rooms have to know, also if Redis goes back.
local function next_gen(last)
  return math.max(tonumber(last or 0) + 1, wall_ms() * 1000)
end

-- Takes a session out of a room that it is in; `why` is a JSON string that the other members are told, or nil.
-- `who` is its folded nick and its nick.
local function depart(sid, life, gen, room, reason, id, who, why)
  local birth = note_out(sid, room)
  if not birth then return end
  local value = table.concat({life, reason, id, birth, who, why or ''}, ' ')
  redis.call('HSET', 'chat:{c}:out:' .. sid, int(gen) .. ' ' .. room, value)
  redis.call('ZADD', 'chat:{c}:outs', 'NX', int(now_ms()), sid)
end

-- The departures of a session that are to be settled, of one room or of all, the oldest first; each is
-- {session, gen, room, life, reason, id, birth, why, fold, nick}.
local function departures(sid, only)
  local all, list = redis.call('HGETALL', 'chat:{c}:out:' .. sid), {}
  for n = 1, #all, 2 do
    local gen, room = string.match(all[n], '^(%d+) (.*)$')
    local life, reason, id, birth, fold, nick, why =
      string.match(all[n + 1], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
    if life and (not only or room == only) then
      list[#list + 1] = {sid, gen, room, life, reason, id, birth, why, fold, nick}
    end
  end
  if list[2] then table.sort(list, function(one, other) return tonumber(one[2]) < tonumber(other[2]) end) end
  return list
end

-- Frees those of some names that a session neither has nor has given up before rooms were told.
local function release(sid, names)
  local kept = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'fold', 'old')
  local held = ' ' .. (kept[1] and names_of(sid) or '') .. ' ' .. (kept[2] or '') .. ' '
  for name in string.gmatch(names, '[^ ]+') do
    if redis.call('HGET', 'chat:{c}:nicks', name) == sid
      and not string.find(held, ' ' .. name .. ' ', 1, true)
      and redis.call('SISMEMBER', 'chat:{c}:end:' .. sid, name) == 0 then
      redis.call('HDEL', 'chat:{c}:nicks', name)
    end
  end
end

-- Frees names, and those that a session gave up before, once rooms know of all its departures.
local function free_names(sid, names)
  local key = 'chat:{c}:end:' .. sid
  local before = redis.call('SMEMBERS', key)
  if before[1] then redis.call('DEL', key) end
  release(sid, names .. ' ' .. table.concat(before, ' '))
end

-- Frees names that a session has given up, now or before, unless a room is still to be told of a departure: it
-- has the session under one of these names until then.
local function give_up(sid, names)
  if redis.call('EXISTS', 'chat:{c}:out:' .. sid) == 1 then
    for name in string.gmatch(names, '[^ ]+') do redis.call('SADD', 'chat:{c}:end:' .. sid, name) end
  else
    free_names(sid, names)
  end
end

-- Notes that a room's data are to be deleted: at once, and once more when all calls that were under way have
-- been done, as they may have created them again.
local DROP_AGAIN_MS = 60000

local function drop_again(room, birth) return '+' .. room .. ' ' .. birth end

local function note_drop(room, birth)
  redis.call('ZADD', 'chat:{c}:outs', int(now_ms()), '-' .. room .. ' ' .. birth)
  redis.call('ZADD', 'chat:{c}:outs', int(now_ms() + DROP_AGAIN_MS), drop_again(room, birth))
end
