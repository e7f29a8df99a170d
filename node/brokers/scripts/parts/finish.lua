-- Sessions that leave rooms and end, and nicks that become free by that.
-- PARTS head clock work nick room now

-- For so long the call that began a session may be repeated: longer than a node repeats it.
local ENDED_MS = 30000

-- Ends the seat of a session in a room; `why` is a JSON string that the other members are told, or nil.
-- Returns position, at and frame of the entry `left`, or '' and '' in a quiet room.
local function unseat(sid, life, gen, room, birth, reason, id, set, why)
  local item = {sid = sid, gen = gen, life = life, want = reason, id = id, why = why}
  local found, frame = settle_now(room, birth, item, set)
  if not found or found[1] ~= 'ok' then return '', '' end
  return found[2], found[3], frame
end

-- Takes a session out of a room. Returns the same.
local function exit(sid, life, gen, room, reason, id, set)
  local birth = note_out(sid, room)
  if not birth then return '', '' end
  return unseat(sid, life, gen, room, birth, reason, id, set)
end

-- Ends a session: it leaves its rooms, its nick becomes free, and its inbox is deleted.
local function finish(sid, reason, id, set, why)
  local key = 'chat:{c}:session:' .. sid
  local session = redis.call('HMGET', key, 'nick', 'life', 'owner', 'hellos', 'gen')
  if not session[1] then return end
  local gen, rooms = next_gen(session[5]), rooms_of(sid)
  for n = 1, #rooms, 2 do
    count_out(rooms[n])
    unseat(sid, session[2], gen, rooms[n], rooms[n + 1], reason, id .. 'k' .. int((n + 1) / 2), set, why)
  end
  free_names(sid, names_of(sid))
  if session[3] ~= '' then redis.call('SREM', 'chat:{c}:at:' .. node_of(session[3]), sid) end
  redis.call('ZREM', 'chat:{c}:grace', sid)
  work = work + 1 + #rooms / 2 + redis.call('XLEN', key_of('i:' .. sid) .. ':log') / ENTRIES
  redis.call('DEL', key, 'chat:{c}:rooms:' .. sid)
  drop_log('i:' .. sid)
  if session[4] then redis.call('SET', 'chat:{c}:ended:' .. sid, session[4], 'PX', ENDED_MS) end
end

-- Ends a session if its grace period was over at `set.reap`: reap.lua may be late.
local function finish_if_due(sid, id, set)
  local due = redis.call('ZSCORE', 'chat:{c}:grace', sid)
  if due and tonumber(due) <= math.min(now_ms(), set.reap) then finish(sid, 'lost', id, set) end
end

-- Whether another session has a nick that reserves any of `names`. With `op`, a session whose grace period
-- is over is ended, unless much has been done already: then reap.lua ends it. A key may still stand for a
-- session that has ended, or that has another nick by now.
local function taken(sid, names, op, set)
  local place = 0
  for name in string.gmatch(names, '[^ ]+') do
    local holder = redis.call('HGET', 'chat:{c}:nicks', name)
    if holder and holder ~= sid then
      place = place + 1
      if op and work <= ENOUGH then finish_if_due(holder, op .. 'h' .. place, set) end
      local theirs = names_of(holder)
      -- The nick of a session that Redis has lost is not known until its node has put it back.
      if not theirs and is_connected(holder) then return true end
      if theirs and string.find(' ' .. theirs .. ' ', ' ' .. name .. ' ', 1, true) then return true end
    end
  end
  return false
end
