-- Begins a session or continues it, and decides which rooms it is in.
-- PARTS head clock place rules room session nick outs finish wall
-- ARGV  op, session, keyed (0, 1), nick, the keys that it reserves, attempt (''), owner, most rooms, until
--       when sessions may be reaped, how many rooms it may create (the default room does not count), the
--       client's address, number of rooms, the rooms (created if missing), default room for a new session
--       that asked for none (''), position in the inbox that has to be known ('': none), then rooms whose
--       logs do not know the client's positions, though nodes may still put them back
-- Returns {'ok', resumed, nick, fold, claim, position of the inbox ('' if none), rooms that exceed a limit
--       (rooms of a session, or rooms to create), rows of its rooms, its departures, 1 if it has given up
--       names, and what `with_change` adds}; {'taken'}, {'ending', session whose departures have to be
--       settled first}, {'nameless'}, {'stale'}, {'unhealed'} (a room that it is in, the inbox, or nicks
--       are not back yet), {'gone'} (the node was reaped), {'kicked'} (the key, not long ago), {'banned'}
--       (the nick), or {'foreign'} (the data have another layout).
-- The layout that these scripts know. The renewal of the lease tells a node if the data have another
-- one, but a client may ask for a session before that.
local FORMAT = '2'
local op, sid, keyed, nick, names, attempt, owner = unpack(ARGV, 1, 7)
local fold = fold_of(names)
local most, till, makes, count = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[12])
local key, rooms = 'chat:{c}:session:' .. sid, {unpack(ARGV, 13, 12 + count)}
local fallback, read = ARGV[13 + count], ARGV[14 + count]
if (redis.call('GET', 'chat:{c}:format') or FORMAT) ~= FORMAT then return {'foreign'} end
local before = answered(sid, op, owner)
if before then return before end
-- Nobody would ever reap a session of an incarnation that has been reaped already.
if redis.call('EXISTS', 'chat:{c}:dead:' .. node_of(owner)) == 1 then return {'gone'} end
if rule_of('kick:' .. sid) then return {'kicked'} end
-- A new session must not be begun while an inbox of an earlier one may still be put back, as that would
-- become its own. A session that is known to have ended is not put back.
local inbox_log = 'i:' .. sid
if read ~= '' and redis.call('EXISTS', key, 'chat:{c}:ended:' .. sid) == 0 then
  local epoch, offset, id = string.match(read, '^(%w+)%-(%d+)%-(%w+)$')
  local meta = redis.call('HMGET', key_of(inbox_log), 'epoch', 'top', 'id', 'branch', 'moved', 'cut')
  local known = meta[1] and place_of(inbox_log, meta, epoch, tonumber(offset), id, '')
  -- No node remembers entries that have been trimmed.
  local cut = meta[1] == epoch and tonumber(string.match(meta[6] or '', '^%d+') or 0)
  if known == 'off' and cut and tonumber(offset) <= cut then known = 'on' end
  if not known or known == 'off' then return {'unhealed'} end
end
-- Positions in rooms that the session will not be in are ignored. A client that names no rooms expects
-- those of its session, which Redis may have lost: then all positions count.
for n = 15 + count, #ARGV do
  local wanted = fallback ~= '' or redis.call('HEXISTS', 'chat:{c}:rooms:' .. sid, ARGV[n]) == 1
  for _, room in ipairs(rooms) do wanted = wanted or room == ARGV[n] end
  if wanted then return {'unhealed'} end
end
finish_if_due(sid, op .. 'w', till)
local session = redis.call('HMGET', key, 'nick', 'fold', 'owner', 'attempt', 'hellos', 'gen', 'life', 'claim', 'old')
local set = {}
local function put(field, value)
  set[#set + 1] = field
  set[#set + 1] = value
end

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
    redis.call('SPUBLISH', 'chat:{c}:node:' .. node_of(session[3]), 'moved ' .. sid .. ' ' .. session[3])
  end
  redis.call('ZREM', 'chat:{c}:grace', sid)
else
  if nick == '' then return {'nameless'} end
  if is_banned(names) then return {'banned'} end
  if nicks_lost() then return {'unhealed'} end
  local status, holder = taken(sid, names, op, till)
  if status then return {status, holder} end
  take_names(sid, names)
  put('nick', nick)
  put('fold', fold)
  put('keyed', keyed)
  put('since', int(wall_ms()))
  put('life', op)
  if fallback ~= '' then rooms[#rooms + 1] = fallback end
end
local gen, life = next_gen(session[6]), session[7] or op
if attempt ~= '' then put('attempt', attempt) end
-- A later claim is always higher, even if Redis has lost the earlier one.
local claim = math.max(tonumber(session[8] or 0) + 1, now_ms())
redis.call('SADD', 'chat:{c}:at:' .. node_of(owner), sid)
local rows, new, refused = rows_of(sid), {}, {}
local total = #rows
for _, row in ipairs(rows) do new[row[1]] = true end
for n, room in ipairs(rooms) do
  if not new[room] then
    new[room] = true
    local birth, made = redis.call('HGET', 'chat:{c}:births', room), false
    local missing = room ~= fallback and not birth
    if total >= most or (missing and makes <= 0) then
      refused[#refused + 1] = room
    else
      if missing then makes = makes - 1 end
      total = total + 1
      if not birth then birth, made = make_room(room, op .. 'b' .. n) end
      rows[#rows + 1] = {room, birth, made and 1 or 0, note_in(sid, room, birth), 1}
    end
  end
end
local log = redis.call('HMGET', key_of(inbox_log), 'epoch', 'top', 'id')
local inbox = log[1] and log[1] .. '-' .. log[2] .. '-' .. log[3] or ''
local old = session[9] and session[9] ~= '' and 1 or 0
local reply = {'ok', resumed, nick, fold, claim, inbox, refused, rows, departures(sid), old}
put('hellos', op .. ' ' .. (string.match(hellos, '^%S+ %S+') or hellos))
return answer(sid, op, owner, reply, life, gen, 'owner', owner, 'was', '', 'address', ARGV[11], 'gen', int(gen),
  'claim', int(claim), unpack(set))
