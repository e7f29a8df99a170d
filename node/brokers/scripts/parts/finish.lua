-- Sessions that end, and nicks that become free by that.
-- PARTS head clock work nick room outs

-- For so long the call that began a session may be repeated: longer than a node repeats it.
local ENDED_MS = 30000

-- Ends a session: it leaves its rooms, and its inbox is deleted. Its nick becomes free when all rooms know.
local function finish(sid, reason, id, why)
  local key = 'chat:{c}:session:' .. sid
  local session = redis.call('HMGET', key, 'nick', 'life', 'owner', 'hellos', 'gen', 'old', 'fold')
  if not session[1] then return end
  local gen, rooms, who = next_gen(session[5]), rooms_of(sid), session[7] .. ' ' .. session[1]
  for n = 1, #rooms, 2 do
    depart(sid, session[2], gen, rooms[n], reason, id .. 'k' .. int((n + 1) / 2), who, why)
  end
  local names = names_of(sid) .. ' ' .. (session[6] or '')
  if session[3] ~= '' then redis.call('SREM', 'chat:{c}:at:' .. node_of(session[3]), sid) end
  redis.call('ZREM', 'chat:{c}:grace', sid)
  work = work + 1 + #rooms / 2 + redis.call('XLEN', key_of('i:' .. sid) .. ':log') / ENTRIES
  redis.call('DEL', key, 'chat:{c}:rooms:' .. sid)
  drop_log('i:' .. sid)
  give_up(sid, names)
  if session[4] then redis.call('SET', 'chat:{c}:ended:' .. sid, session[4], 'PX', ENDED_MS) end
end

-- Ends a session if its grace period was over at `till`: reap.lua may be late.
local function finish_if_due(sid, id, till)
  local due = redis.call('ZSCORE', 'chat:{c}:grace', sid)
  if due and tonumber(due) <= math.min(now_ms(), till) then finish(sid, 'lost', id) end
end

-- Whether another session has a nick that reserves any of `names`, or has given it up, but rooms do not know
-- yet. With `op`, a session whose grace period is over at `till` is ended, unless much has been done
-- already: then reap.lua ends it. Returns nil; or 'taken'; or 'ending' and the session whose departures have
-- to be settled. A key may still stand for a session that has ended, or that has another nick by now.
local function taken(sid, names, op, till)
  local place = 0
  for name in string.gmatch(names, '[^ ]+') do
    local holder = redis.call('HGET', 'chat:{c}:nicks', name)
    -- Counted also if it is free: after a repeat the same name has the same place.
    place = place + 1
    if holder and holder ~= sid then
      if op and work <= 2 * ENOUGH then finish_if_due(holder, op .. 'h' .. place, till) end
      local theirs = names_of(holder)
      -- The nick of a session that Redis has lost is not known until its node has put it back.
      if not theirs and is_connected(holder) then return 'taken' end
      local old = redis.call('HGET', 'chat:{c}:session:' .. holder, 'old') or ''
      local all = ' ' .. (theirs or '') .. ' ' .. old .. ' '
      if theirs and string.find(all, ' ' .. name .. ' ', 1, true) then return 'taken' end
      if redis.call('SISMEMBER', 'chat:{c}:end:' .. holder, name) == 1 then return 'ending', holder end
    end
  end
end
