-- Puts back a session that Redis forgot, as the node that holds its connection knows it, or gives it
-- back, as it stands, to a node that could not renew its lease.
-- ARGV  op, session, old owner, owner, keyed, nick, what it takes up, attempt (''), claim,
--       1 if a missing session is to be made anew (Redis forgot it), number of rooms,
--       then for each room: its name and the position at which it was joined
-- Returns {'ok', changes}, {'gone'} (it ended, moved on or was kicked) or {'taken'} (its nick).
local _, sid, was, owner, keyed, nick, names, attempt, claim, anew = unpack(ARGV, 1, 10)
local fold = fold_of(names)
local key = 'chat:session:' .. sid
though_full()
if order_of('kick:' .. sid) or is_banned(names) then return {'gone'} end
local session = redis.call('HMGET', key, 'owner', 'was', 'claim')

local function hold()
  if session[1] and session[1] ~= '' then
    redis.call('SREM', 'chat:at:' .. node_of(session[1]), sid)
  end
  redis.call('HSET', key, 'owner', owner, 'was', '', 'claim', claim)
  redis.call('ZREM', 'chat:grace', sid)
  redis.call('SADD', 'chat:at:' .. node_of(owner), sid)
end

if session[1] then
  local held = session[1] == owner or session[1] == was or (session[1] == '' and session[2] == was)
  if held and anew ~= '1' then
    -- Nothing was forgotten: what was done last, its node may not even have heard of. But what tells
    -- of the session elsewhere may be gone.
    hold()
    local own = redis.call('HMGET', key, 'nick', 'fold')
    if not taken(sid, names_of(sid) or '') then take_names(sid, names_of(sid) or '') end
    local rooms = rooms_of(sid)
    for n = 1, #rooms, 2 do
      redis.call('ZADD', key_of('r:' .. rooms[n]) .. ':members', 0, own[2] .. '\0' .. own[1])
      redis.call('ZREM', 'chat:idle', rooms[n])
    end
    return {'ok', changed(node_of(owner))}
  end
  -- A claim that is lower than ours: Redis went back to before the session came to us.
  if not held and tonumber(session[3]) >= tonumber(claim) then return {'gone'} end
elseif anew ~= '1' and redis.call('SISMEMBER', 'chat:at:' .. node_of(was), sid) == 0 then
  -- What ends a session takes it from there; so it was not ended, if it is there still.
  return {'gone'}
end
if taken(sid, names) then return {'taken'} end
free_names(sid, names_of(sid) or '')
local old = redis.call('HMGET', key, 'nick', 'fold')
hold()
take_names(sid, names)
redis.call('HSET', key, 'nick', nick, 'fold', fold, 'keyed', keyed)
if attempt ~= '' then redis.call('HSET', key, 'attempt', attempt) end
local keep = {}
for n = 12, #ARGV, 2 do
  local room = ARGV[n]
  -- One that a moderator has closed meanwhile is not gone back to.
  if order_of('room:' .. room) ~= string.match(ARGV[n + 1], '^%w+') then
    keep[room] = true
    local members = key_of('r:' .. room) .. ':members'
    -- A room that Redis forgot is put back with its log (heal.lua), not here.
    if old[1] and old[1] ~= nick then redis.call('ZREM', members, old[2] .. '\0' .. old[1]) end
    redis.call('ZADD', members, 0, fold .. '\0' .. nick)
    redis.call('ZREM', 'chat:idle', room)
    redis.call('HSET', 'chat:rooms:' .. sid, room, ARGV[n + 1])
  end
end
for _, room in ipairs(redis.call('HKEYS', 'chat:rooms:' .. sid)) do
  if not keep[room] then
    redis.call('HDEL', 'chat:rooms:' .. sid, room)
    local members = key_of('r:' .. room) .. ':members'
    redis.call('ZREM', members, fold .. '\0' .. nick)
    if old[1] then redis.call('ZREM', members, old[2] .. '\0' .. old[1]) end
    if redis.call('ZCARD', members) == 0 then redis.call('ZADD', 'chat:idle', int(now_ms()), room) end
  end
end
return {'ok', changed(node_of(owner))}
