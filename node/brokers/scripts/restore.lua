-- Puts back a session that Redis has lost, as the node of its connection knows it; or returns a session,
-- unchanged, to a node that could not renew its lease.
-- PARTS head rules room session nick outs finish
-- ARGV  op, session, old owner, owner, keyed, nick, the keys that it reserves, attempt (''), claim,
--       1 if a missing session is to be created again (Redis has lost it), changes that the node of the
--       old owner knew of, if it was reaped (0: it was not), life of the session and the newest generation
--       that the node knows, then for each room: its name and its birth
-- Returns {'ok', nick, fold, rows of its rooms, its departures, and what `with_change` adds}; {'gone'} (it
-- ended, has another owner or was kicked); {'taken'} or {'ending', session} (its nick).
local _, sid, was, owner, keyed, nick, names, attempt, claim, forgotten = unpack(ARGV, 1, 10)
local known = tonumber(ARGV[11])
local fold = fold_of(names)
local key = 'chat:{c}:session:' .. sid
though_full()
if rule_of('kick:' .. sid) or is_banned(names) then return {'gone'} end
local session = redis.call('HMGET', key, 'owner', 'was', 'claim', 'gen', 'life')
local gen = next_gen(math.max(tonumber(session[4] or 0), tonumber(ARGV[13] ~= '' and ARGV[13] or 0)))
local life = ARGV[12] ~= '' and ARGV[12] or session[5] or ARGV[1]

local function take_over()
  if session[1] and session[1] ~= '' then
    redis.call('SREM', 'chat:{c}:at:' .. node_of(session[1]), sid)
  end
  redis.call('HSET', key, 'owner', owner, 'was', '', 'claim', claim, 'gen', int(gen), 'life', life)
  redis.call('ZREM', 'chat:{c}:grace', sid)
  redis.call('SADD', 'chat:{c}:at:' .. node_of(owner), sid)
end

local births = {}
for n = 14, #ARGV, 2 do births[ARGV[n]] = ARGV[n + 1] end

-- Rooms that Redis has lost are put back, but not those that a moderator has closed meanwhile.
local function put_back_rooms()
  for n = 14, #ARGV, 2 do
    local room = ARGV[n]
    if rule_of('room:' .. room) == births[room] then
      births[room] = nil
    else
      make_room(room, births[room])
    end
  end
end

local function done()
  local now = redis.call('HMGET', key, 'nick', 'fold')
  return with_change(owner, {'ok', now[1], now[2], rows_of(sid), departures(sid)}, life, gen)
end

if session[1] then
  local is_ours = session[1] == owner or session[1] == was or (session[1] == '' and session[2] == was)
  local theirs = tonumber(session[3] or 0) - tonumber(claim)
  -- An owner of the same `hello` at the same node: an earlier attempt to put the session back was done and
  -- not answered, or Redis went back to before the last one that was done. The generation tells which.
  -- The node may have been reaped in between: then one of both was of another incarnation.
  local holder = node_of(session[1] ~= '' and session[1] or session[2] or '')
  local is_same = holder == node_of(was) or holder == node_of(owner)
  local is_earlier = not is_ours and theirs == 0 and is_same
  if is_earlier then is_ours = tonumber(session[4] or 0) >= tonumber(ARGV[13] ~= '' and ARGV[13] or 0) end
  -- Without a number it is not known: Redis had lost the count.
  local counted = string.match(redis.call('GET', 'chat:{c}:dead:' .. node_of(was)) or '', '^(%d+) changes$')
  if is_ours and forgotten ~= '1' and tonumber(counted or known) >= known then
    -- The session was not lost, and may have changes that its node does not know of. But other keys that
    -- name the session may be lost.
    life = session[5] or life
    take_over()
    put_back_rooms()
    if not taken(sid, names_of(sid) or '') then take_names(sid, names_of(sid) or '') end
    return done()
  end
  -- Its claim is lower than this node's: Redis went back to a time before this node had the session.
  if not is_ours and not is_earlier and theirs >= 0 then return {'gone'} end
elseif forgotten ~= '1' and redis.call('SISMEMBER', 'chat:{c}:at:' .. node_of(was), sid) == 0 then
  -- Ending a session removes it from that set; so a session that is still there was not ended.
  return {'gone'}
end
local status, holder = taken(sid, names)
if status then return {status, holder} end
local before = names_of(sid) or ''
take_over()
take_names(sid, names)
redis.call('HSET', key, 'nick', nick, 'fold', fold, 'keyed', keyed)
if attempt ~= '' then redis.call('HSET', key, 'attempt', attempt) end
put_back_rooms()
local noted = redis.call('HGETALL', 'chat:{c}:rooms:' .. sid)
for n = 1, #noted, 2 do
  if births[noted[n]] ~= noted[n + 1] then
    -- Its node knows that it left; the log says so, or will when it is healed.
    depart(sid, life, gen, noted[n], 'unsaid', ARGV[1] .. 'o' .. int(n), fold .. ' ' .. nick)
  end
end
for n = 14, #ARGV, 2 do
  local room = ARGV[n]
  -- Redis may know the room by another birth: then that one counts.
  local birth = births[room] and redis.call('HGET', 'chat:{c}:births', room)
  if birth and redis.call('HGET', 'chat:{c}:rooms:' .. sid, room) ~= birth then note_in(sid, room, birth) end
end
-- It is in these rooms: departures that Redis has from before are not what its node knows.
for _, departure in ipairs(departures(sid)) do
  if births[departure[3]] and departure[4] == life then
    redis.call('HDEL', 'chat:{c}:out:' .. sid, departure[2] .. ' ' .. departure[3])
  end
end
give_up(sid, before)
return done()
