-- Puts back a session that Redis has lost, as the node of its connection knows it; or returns a session,
-- unchanged, to a node that could not renew its lease.
-- PARTS head clock rules session nick finish
-- ARGV  op, session, old owner, owner, keyed, nick, the keys that it reserves, attempt (''), claim,
--       1 if a missing session is to be created again (Redis has lost it), changes that the node of the
--       old owner knew of, if it was reaped (0: it was not), number of rooms,
--       then for each room: its name and the position at which it was joined
-- Returns {'ok', changes}, {'gone'} (it ended, has another owner or was kicked) or {'taken'} (its nick).
local _, sid, was, owner, keyed, nick, names, attempt, claim, forgotten = unpack(ARGV, 1, 10)
local known = tonumber(ARGV[11])
local fold = fold_of(names)
local key = 'chat:{c}:session:' .. sid
though_full()
if rule_of('kick:' .. sid) or is_banned(names) then return {'gone'} end
local session = redis.call('HMGET', key, 'owner', 'was', 'claim')

local function take_over()
  if session[1] and session[1] ~= '' then
    redis.call('SREM', 'chat:{c}:at:' .. node_of(session[1]), sid)
  end
  redis.call('HSET', key, 'owner', owner, 'was', '', 'claim', claim)
  redis.call('ZREM', 'chat:{c}:grace', sid)
  redis.call('SADD', 'chat:{c}:at:' .. node_of(owner), sid)
end

if session[1] then
  local is_ours = session[1] == owner or session[1] == was or (session[1] == '' and session[2] == was)
  -- Without a number it is not known: Redis had lost the count, or a node of version 0.1 reaped.
  local counted = string.match(redis.call('GET', 'chat:{c}:dead:' .. node_of(was)) or '', '^(%d+) changes$')
  if is_ours and forgotten ~= '1' and tonumber(counted or known) >= known then
    -- The session was not lost, and may have changes that its node does not know of. But other keys that
    -- name the session may be lost.
    take_over()
    local own = redis.call('HMGET', key, 'nick', 'fold')
    if not taken(sid, names_of(sid) or '') then take_names(sid, names_of(sid) or '') end
    local rooms = rooms_of(sid)
    for n = 1, #rooms, 2 do
      redis.call('ZADD', key_of('r:' .. rooms[n]) .. ':members', 0, own[2] .. '\0' .. own[1])
      redis.call('ZREM', 'chat:{c}:idle', rooms[n])
    end
    return {'ok', changed(node_of(owner))}
  end
  -- Its claim is lower than this node's: Redis went back to a time before this node had the session.
  if not is_ours and tonumber(session[3]) >= tonumber(claim) then return {'gone'} end
elseif forgotten ~= '1' and redis.call('SISMEMBER', 'chat:{c}:at:' .. node_of(was), sid) == 0 then
  -- Ending a session removes it from that set; so a session that is still there was not ended.
  return {'gone'}
end
if taken(sid, names) then return {'taken'} end
free_names(sid, names_of(sid) or '')
local old = redis.call('HMGET', key, 'nick', 'fold')
take_over()
take_names(sid, names)
redis.call('HSET', key, 'nick', nick, 'fold', fold, 'keyed', keyed)
if attempt ~= '' then redis.call('HSET', key, 'attempt', attempt) end
local keep = {}
for n = 13, #ARGV, 2 do
  local room = ARGV[n]
  -- The session is not put back into a room that a moderator has closed meanwhile.
  if rule_of('room:' .. room) ~= string.match(ARGV[n + 1], '^%w+') then
    keep[room] = true
    local members = key_of('r:' .. room) .. ':members'
    -- A room that Redis has lost is put back with its log (heal.lua), not here.
    if old[1] and old[1] ~= nick then redis.call('ZREM', members, old[2] .. '\0' .. old[1]) end
    redis.call('ZADD', members, 0, fold .. '\0' .. nick)
    redis.call('ZREM', 'chat:{c}:idle', room)
    redis.call('HSET', 'chat:{c}:rooms:' .. sid, room, ARGV[n + 1])
  end
end
for _, room in ipairs(redis.call('HKEYS', 'chat:{c}:rooms:' .. sid)) do
  if not keep[room] then
    redis.call('HDEL', 'chat:{c}:rooms:' .. sid, room)
    local members = key_of('r:' .. room) .. ':members'
    redis.call('ZREM', members, fold .. '\0' .. nick)
    if old[1] then redis.call('ZREM', members, old[2] .. '\0' .. old[1]) end
    if redis.call('ZCARD', members) == 0 then redis.call('ZADD', 'chat:{c}:idle', int(now_ms()), room) end
  end
end
return {'ok', changed(node_of(owner))}
