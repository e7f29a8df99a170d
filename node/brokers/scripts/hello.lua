-- Begins a session or continues it, and puts it into rooms.
-- PARTS head wall clock page rules room session nick finish
-- ARGV  op, session, keyed (0, 1), nick, the keys that it reserves, attempt (''), owner, notices, cap,
--       most rooms, until when sessions may be reaped, how many rooms it may create (the default room
--       does not count), the client's address, number of rooms, the rooms (created if missing), default
--       room for a new session that asked for none (''), then, if positions that the log does not
--       know are to be refused, log and position of each
-- Returns {'ok', resumed, nick, claim, position of the inbox ('' if none), frames of the notices that it
--       appended for the session, changes, rooms that exceed a limit (rooms of a session, or rooms to
--       create), rooms...}, each room {name, position, members, created, quiet, and 1 if it was entered
--       now};
--       {'taken'}, {'nameless'}, {'stale'}, {'unhealed', log} ('': nicks are not back yet), {'gone'} (the
--       node was reaped), {'kicked'} (the key, not long ago), {'banned'} (the nick), or {'foreign'} (the
--       data have another layout).
-- The layout that these scripts know. The renewal of the lease tells a node if the data have another
-- one, but a client may ask for a session before that.
local FORMAT = '2'
local op, sid, keyed, nick, names, attempt, owner = unpack(ARGV, 1, 7)
local fold = fold_of(names)
local set = {notices = tonumber(ARGV[8]), cap = tonumber(ARGV[9]), reap = tonumber(ARGV[11])}
local most, makes, count = tonumber(ARGV[10]), tonumber(ARGV[12]), tonumber(ARGV[14])
local key, rooms = 'chat:{c}:session:' .. sid, {unpack(ARGV, 15, 14 + count)}
local fallback = ARGV[15 + count]
if (redis.call('GET', 'chat:{c}:format') or FORMAT) ~= FORMAT then return {'foreign'} end
local before = answered(sid, op, owner, 7)
if before then return before end
-- Nobody would ever reap a session of an incarnation that has been reaped already.
if redis.call('EXISTS', 'chat:{c}:dead:' .. node_of(owner)) == 1 then return {'gone'} end
if rule_of('kick:' .. sid) then return {'kicked'} end
-- Positions in rooms that the session will not be in are ignored. A client that names no rooms expects
-- those of its session, which Redis may have lost: then all positions count.
local wanted = {}
for _, room in ipairs(redis.call('HKEYS', 'chat:{c}:rooms:' .. sid)) do wanted['r:' .. room] = true end
for _, room in ipairs(rooms) do wanted['r:' .. room] = true end
-- A new session must not be begun while an inbox of an earlier one may still be put back, as that would
-- become its own. A session that is known to have ended is not put back.
local inbox_log = 'i:' .. sid
if redis.call('EXISTS', key) == 0 and redis.call('EXISTS', 'chat:{c}:ended:' .. sid) == 0 then
  wanted[inbox_log] = true
end
for n = 16 + count, #ARGV, 2 do
  local log, epoch, offset, id =
    ARGV[n], string.match(ARGV[n + 1], '^(%w+)%-(%d+)%-(%w+)$')
  local counts = wanted[log] or (fallback ~= '' and log ~= inbox_log)
  if counts and tonumber(offset) > 0 then
    local meta = redis.call('HMGET', key_of(log), 'epoch', 'top', 'id', 'branch', 'moved', 'cut')
    local known = meta[1] and place_of(log, meta, epoch, tonumber(offset), id, '')
    -- No node remembers entries that have been trimmed.
    local cut = meta[1] == epoch and tonumber(string.match(meta[6] or '', '^%d+') or 0)
    if known == 'off' and cut and tonumber(offset) <= cut then known = 'on' end
    if not known or known == 'off' then return {'unhealed', log} end
  end
end
finish_if_due(sid, op .. 'w', set)
local session = redis.call('HMGET', key, 'nick', 'fold', 'owner', 'attempt', 'hellos')
local resumed = session[1] and 1 or 0
-- A call whose reply was lost is repeated, perhaps after another connection has continued the session, or
-- ended it: then the connection of this call is gone.
local hellos = session[5] or resumed == 0 and redis.call('GET', 'chat:{c}:ended:' .. sid) or ''
if string.find(' ' .. hellos .. ' ', ' ' .. op .. ' ', 1, true) then return {'stale'} end
if resumed == 1 then
  local last = tonumber(session[4] or '')
  if attempt ~= '' and last and tonumber(attempt) <= last then return {'stale'} end
  nick, fold = session[1], session[2]
  if session[3] ~= '' and session[3] ~= owner then
    redis.call('SREM', 'chat:{c}:at:' .. node_of(session[3]), sid)
    redis.call('PUBLISH', 'chat:{c}:node:' .. node_of(session[3]), 'moved ' .. sid .. ' ' .. session[3])
  end
  redis.call('ZREM', 'chat:{c}:grace', sid)
else
  if nick == '' then return {'nameless'} end
  if is_banned(names) then return {'banned'} end
  if nicks_lost() then return {'unhealed', ''} end
  if taken(sid, names, op, set) then return {'taken'} end
  take_names(sid, names)
  redis.call('HSET', key, 'nick', nick, 'fold', fold, 'keyed', keyed, 'since', int(wall_ms()))
  if fallback ~= '' then rooms[#rooms + 1] = fallback end
end
redis.call('HSET', key, 'owner', owner, 'was', '', 'address', ARGV[13],
  'hellos', op .. ' ' .. (string.match(hellos, '^%S+ %S+') or hellos))
if attempt ~= '' then redis.call('HSET', key, 'attempt', attempt) end
-- A later claim is always higher, even if Redis has lost the earlier one.
local claim = math.max(tonumber(redis.call('HGET', key, 'claim') or 0) + 1, now_ms())
redis.call('HSET', key, 'claim', int(claim))
redis.call('SADD', 'chat:{c}:at:' .. node_of(owner), sid)
local noted, joined, new, refused, notices = rooms_of(sid), {}, {}, {}, {}
local total = #noted / 2
for n = 1, #noted, 2 do
  local size = redis.call('ZCARD', key_of('r:' .. noted[n]) .. ':members')
  joined[#joined + 1] = {noted[n], noted[n + 1], size, 0, size > set.notices and 1 or 0}
  new[noted[n]] = true
end
for n, room in ipairs(rooms) do
  if not new[room] then
    new[room] = true
    local missing = room ~= fallback and redis.call('EXISTS', key_of('r:' .. room)) == 0
    if total >= most or (missing and makes <= 0) then
      refused[#refused + 1] = room
    else
      if missing then makes = makes - 1 end
      total = total + 1
      local created = make_room(room, op .. n) and 1 or 0
      local position, size, quiet, frame = enter(sid, nick, fold, room, op .. 'j' .. n, set)
      notices[#notices + 1] = frame
      joined[#joined + 1] = {room, position, size, created, quiet, 1}
    end
  end
end
local inbox = position_of('i:' .. sid) or ''
local changes = changed(node_of(owner))
local reply = {'ok', resumed, nick, claim, inbox, notices, changes, refused, unpack(joined)}
return answer(sid, op, reply)
