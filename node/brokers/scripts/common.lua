-- Shared by every script: it is put in front of each when the scripts are loaded.
--
-- The data, all keys under "chat:" (docs/architecture.md has the same table):
--   chat:format           string  the layout of all this, as a number
--   chat:waits            string  how often replicas were waited for (waits.lua)
--   chat:{LOG}            hash    epoch, top (offset of the newest entry), id (its id), cut (offset
--                                 and id of the newest entry that was trimmed), branch (see below),
--                                 moved (offset of the newest entry that has a home), hollow (ms
--                                 since when its entries are known to be gone), bare (the same of its
--                                 members)
--   chat:{LOG}:log        stream  OFFSET-0 -> h (head), b (body)
--   chat:{LOG}:moved      hash    id of an entry that has a home -> "OFFSET HOME FORK [HOME FORK ...]"
--   chat:{LOG}:members    zset    FOLDED \0 NICK, all of score 0: sorted by code points
--   chat:{LOG}:back       hash    id of an entry of a session's change that was put back -> offset,
--                                 for 5 minutes
--   chat:rooms            zset    room names, all of score 0
--   chat:idle             zset    rooms with nobody in them -> ms since when
--   chat:closed           zset    "ROOM EPOCH" of closed rooms whose members are still noted, of score 0
--   chat:closed:ROOM EPOCH  zset  these members, as in chat:{LOG}:members
--   chat:nicks            hash    what a nick takes up -> session
--   chat:nicks:lost       string  ms at which it was found that chat:nicks is gone; for NICKS_LOST_MS
--   chat:session:SID      hash    nick, fold, looks, owner, was, attempt, keyed, claim, op, reply,
--                                 hellos (the newest calls of hello.lua)
--   chat:ended:SID        string  hellos of a session that has ended, for 30 s
--   chat:rooms:SID        hash    room -> position at which the session joined it
--   chat:sent:SID         hash    id of a message -> "AT LOG POSITION TO LAG", for 5 minutes; LAG, and
--                                 TO before it, only where the chat's time is not Redis' own: ms by
--                                 which it was behind (below 0) or ahead. '' -> what is newest
--   chat:sents            zset    sessions with ids that are remembered -> ms when to look at them
--   chat:clock            hash    seen: ms of the chat's time at the newest renewal of a lease; shift:
--                                 ms to be added to the time of Redis (see now_ms)
--   chat:grace            zset    sessions without a connection -> ms at which they end
--   chat:nodes            zset    incarnations -> ms at which their leases end
--   chat:ops              hash    incarnation -> number of changes it made to sessions
--   chat:at:INC           set     sessions whose connection is at this incarnation
--   chat:dead:INC         string  this incarnation has been reaped
--   chat:about:INC        hash    facts (JSON), since, notices, kept: for moderators; for a
--                                 day longer than the lease
--   chat:orders           hash    what moderators have ordered: nick:FOLDED, net:NETWORK, kick:SID or
--                                 room:ROOM -> "TILL EXTRA WHY": ms at which it ends (0: never), the
--                                 epoch of a closed room or "-", a JSON string or nothing
--   chat:ordered          string  "COUNT ID" of the newest change to chat:orders
-- LOG is r:ROOM or i:SID (the inbox of a session). Frames of a room go to the channel
-- chat:{r:ROOM}:live, those of an inbox to chat:node:INC of the node its session is at.
--
-- A nick takes up its folded form and what it looks like: "FOLD LOOK LOOK", each but the first only
-- where it differs. A session whose nick takes up more than its fold keeps all of it in `looks`.
--
-- A head is "KIND ID AT ORIGIN [HOME FORK ...]": KIND m message, d direct, e entered, l left,
-- r renamed; ORIGIN is SID:TOKEN of the message's author and id, SID/OWNER of who left and the last
-- hold on it, or "-".
--
-- When Redis goes back to an older state and others append before the lost entries are put back, a
-- log has two branches: the one that was lost, and the one that goes on. A branch has a name: the
-- epoch, or the `branch` that the log got when entries were put back at other offsets last. Such an
-- entry has its old place, HOME (BRANCH-OFFSET), and FORK, the first offset at which the lost branch
-- and this one differ; the newest such pair comes first.
--
-- Ids of entries come from the nodes, which end them in hexadecimal digits; a script that needs more
-- than the one it was given appends a letter beyond f, and numbers, to it.
--
-- A frame is "log LOG EPOCH FIRST PREV [BRANCH]" and then, line by line, head and body of each entry.

local REPEAT_MS, REPEATS = 300000, 1000
-- Places that are remembered of an entry: it gets one each time it is put back at another offset.
local HOMES = 4

-- Bytes of a page of a log, which take a millisecond; it is read some entries at a time, because their
-- bodies are copied, however long they are.
local PAGE_BYTES, PAGE_STEP, FIRST_STEP = 262144, 50, 10

-- What a call that ends sessions and rooms has done so far: rooms that were left, sessions, fifty
-- entries that were deleted count 1 each. Each takes some ten commands, thirty microseconds: who ends
-- many of them stops at ENOUGH, and is called again; one more session, with 50 rooms, may be ended
-- just before that.
local work, ENOUGH, ENTRIES = 0, 50, 50
-- Members of a closed room that one call takes out of it, at two or three commands each.
local SWEEP = 300

-- The layout that these scripts know; the renewal of the lease tells the node of another one, but a
-- session may be asked for before that.
local FORMAT = '1'

local function is_foreign() return (redis.call('GET', 'chat:format') or FORMAT) ~= FORMAT end

local function int(number) return string.format('%.0f', number) end

-- Two clocks. `wall` is what people are told: Unix time by the clock of Redis, which is set now and
-- then, forwards and backwards. `time` is what deadlines are points of: it goes on evenly. Nodes look
-- after it when they renew their leases (renew.lua). Between two renewals it neither goes back nor is
-- further ahead than CLOCK_SLACK: by that much nothing ends that should not.
local CLOCK_SLACK = 3000
local wall, time, seen, shift

local function read_clocks()
  local now, clock = redis.call('TIME'), redis.call('HMGET', 'chat:clock', 'seen', 'shift')
  wall = now[1] * 1000 + math.floor(now[2] / 1000)
  seen, shift = tonumber(clock[1] or ''), tonumber(clock[2] or '') or 0
  time = wall + shift
  if seen then time = math.max(seen, math.min(time, seen + CLOCK_SLACK)) end
end

local function wall_ms()
  if not wall then read_clocks() end
  return wall
end

local function now_ms()
  if not wall then read_clocks() end
  return time
end

-- The latest that the chat's time may be. While no node has looked after it, as after Redis was away,
-- `time` stands still: a deadline that was counted from it would come too soon. Counted from here it may
-- come too late, and then tidy.lua shortens it.
local function latest_ms()
  return math.max(now_ms(), wall + shift)
end

-- Lets a script go on though Redis is full. Redis refuses what may grow until a script's first write
-- that cannot: a script that frees is not cut off in the middle. So it is in every version, also in
-- those that do not know `#!lua flags=allow-oom`. For what frees in the end, or cannot grow for long.
local function though_full() redis.call('ZREM', 'chat:nodes', '') end

local function key_of(log) return 'chat:{' .. log .. '}' end

local function node_of(owner) return string.match(owner, '^[^.]+') end

local function room_channel(room) return 'chat:{r:' .. room .. '}:live' end

-- Id of an entry of a stream. One that no node has written has one too: all nodes give it the same.
local function id_of(entry)
  local found = entry[2][1] == 'h' and string.match(entry[2][2], '^%S+ (%S+)')
  return found or 'x' .. string.match(entry[1], '^%d+')
end

-- Entry at an offset: its id, or nil when that is not kept. Of the newest one that was trimmed it is:
-- who has read just to there has missed nothing.
local function id_at(log, offset)
  local place = int(offset) .. '-0'
  local found = redis.call('XRANGE', key_of(log) .. ':log', place, place)
  if found[1] then return id_of(found[1]) end
  local cut = redis.call('HGET', key_of(log), 'cut')
  return cut and string.match(cut, '^' .. int(offset) .. ' (%S+)')
end

-- The fork and the branch, if an entry of that id was at an offset of a branch that the log lost; `branch`
-- is its name, '' for any. Else nil.
local function lost_place(log, id, offset, branch)
  local moved = redis.call('HGET', key_of(log) .. ':moved', id)
  for name, home, fork in string.gmatch(moved or '', ' (%w+)%-(%d+) (%d+)') do
    if tonumber(home) == offset and (branch == '' or branch == name) then return tonumber(fork), name end
  end
end

-- Where a reader goes on that has had what is up to a position. `meta` are epoch, top, id, branch and
-- moved of the log; `branch` is the one that the position is of, '' if it is not known, '*' if it is the
-- one that the log is in.
-- Returns 'on' and the next offset; 'moved' and the fork, if the entry of the position stands elsewhere
-- now; 'off' and 1, if the log does not know the position. Then the offset at which the entry is, 0 if
-- it is not kept, and, if it has moved, the branch that the position is of.
local function place_of(log, meta, epoch, offset, id, branch)
  local top = tonumber(meta[2])
  if offset == 0 then
    local on = top == 0 or #redis.call('XRANGE', key_of(log) .. ':log', '1-0', '1-0') > 0
    return on and 'on' or 'off', 1, 0
  end
  local there = epoch == meta[1] and id_at(log, offset)
  if there == id or (epoch == meta[1] and offset == top and id == meta[3]) then
    -- Put back behind entries of another branch, an entry may have the offset that it had.
    local fork, lost = nil, nil
    if meta[5] then fork, lost = lost_place(log, id, offset, branch) end
    if fork then return 'moved', fork, offset, lost end
    return 'on', offset + 1, offset
  end
  local moved = redis.call('HGET', key_of(log) .. ':moved', id)
  local place = moved and tonumber(string.match(moved, '^%d+'))
  local found = place and id_at(log, place)
  if place and (found == id or (not found and place < top)) then
    local branch, fork
    for name, home, from in string.gmatch(moved, ' (%w+)%-(%d+) (%d+)') do
      if not branch or tonumber(home) == offset then branch, fork = name, tonumber(from) end
      if tonumber(home) == offset then break end
    end
    return 'moved', fork, found and place or 0, branch
  end
  -- Not kept itself, but all that came after it is.
  local after = int(offset + 1) .. '-0'
  if epoch == meta[1] and offset < top and not there
    and #redis.call('XRANGE', key_of(log) .. ':log', after, after) > 0 then
    return 'on', offset + 1, 0
  end
  return 'off', 1, 0
end

-- Reads entries of a log by XRANGE or XREVRANGE, `most` of them, and so many bytes beyond the first one
-- (PAGE_BYTES, unless it is told).
local function page_of(log, command, from, to, most, bytes)
  bytes = bytes or PAGE_BYTES
  -- How long they are is not known yet; and what is read beyond the page is read in vain.
  local rows, size, count = {}, 0, math.min(most, FIRST_STEP)
  while #rows < most do
    local found = redis.call(command, key_of(log) .. ':log', from, to, 'COUNT', int(count))
    for _, row in ipairs(found) do
      for _, field in ipairs(row[2]) do size = size + #field end
      if size > bytes and #rows > 0 then return rows end
      rows[#rows + 1] = row
    end
    if #found < count then break end
    from = int(string.match(found[count][1], '^%d+') + (command == 'XRANGE' and 1 or -1)) .. '-0'
    count = math.min(most - #rows, PAGE_STEP, math.floor((bytes - size) * #rows / size) + 1)
  end
  return rows
end

-- Gives the entries of a page their homes: an entry that a repeated call has appended again has none
-- in its head.
local function with_homes(log, rows)
  local ids = {}
  for n, row in ipairs(rows) do ids[n] = id_of(row) end
  if #ids == 0 then return rows end
  for n, found in ipairs(redis.call('HMGET', key_of(log) .. ':moved', unpack(ids))) do
    local offset, homes = string.match(found or '', '^(%d+) (.*)$')
    local head = string.match(rows[n][2][2], '^%S+ %S+ %S+ %S+')
    if offset and head and rows[n][1] == offset .. '-0' then
      rows[n][2][2] = head .. ' ' .. homes
    end
  end
  return rows
end

-- The epoch of a room's log, as one of those in it remembers it by the position at which it joined.
local function epoch_by_members(room)
  local members = redis.call('ZRANGE', key_of('r:' .. room) .. ':members', 0, 4)
  for _, member in ipairs(members) do
    local fold = string.sub(member, 1, string.find(member, '\0', 1, true) - 1)
    local sid = redis.call('HGET', 'chat:nicks', fold)
    local position = sid and redis.call('HGET', 'chat:rooms:' .. sid, room)
    if position then return string.match(position, '^%w+') end
  end
end

-- Makes the hash of a log again that is gone while the log itself is there, and brings one that is
-- behind its log up to it. `epoch` is what the caller knows of it, or nil; `new` is one to begin with
-- if nobody knows it, or nil. Says whether it did.
local function mend(log, epoch, new)
  local newest = redis.call('XREVRANGE', key_of(log) .. ':log', '+', '-', 'COUNT', 1)[1]
  if not newest then return false end
  local meta = redis.call('HMGET', key_of(log), 'epoch', 'top')
  local top = string.match(newest[1], '^%d+')
  if meta[1] and tonumber(meta[2]) >= tonumber(top) then return false end
  epoch = meta[1] or epoch or epoch_by_members(string.sub(log, 3)) or new
  if not epoch then return false end
  though_full()
  redis.call('HSET', key_of(log), 'epoch', epoch, 'top', top, 'id', id_of(newest))
  if not meta[1] and redis.call('EXISTS', key_of(log) .. ':moved') == 1 then
    redis.call('HSET', key_of(log), 'moved', top)
  end
  if not meta[1] and string.sub(log, 1, 2) == 'r:' then
    redis.call('ZADD', 'chat:rooms', 0, string.sub(log, 3))
  end
  return true
end

-- Whether a log has a hash that tells of entries, and none of them: the log itself is gone.
local function is_hollow(log)
  local meta = redis.call('HMGET', key_of(log), 'top', 'id', 'cut')
  if not meta[1] or meta[1] == '0' or meta[3] == meta[1] .. ' ' .. meta[2] then return false end
  return redis.call('EXISTS', key_of(log) .. ':log') == 0
end

-- For so long messages wait for nodes to put a log back whose entries are gone: two of their looks.
local HOLLOW_MS = 4000

-- Whether a log whose entries are gone is to wait for those who may remember them. What is appended to
-- it before would hide that they are gone.
local function waits_for_entries(log)
  if not is_hollow(log) then
    redis.call('HDEL', key_of(log), 'hollow')
    return false
  end
  redis.call('HSETNX', key_of(log), 'hollow', int(now_ms()))
  return now_ms() < redis.call('HGET', key_of(log), 'hollow') + HOLLOW_MS
end

-- Removes a log.
local function drop_log(log)
  local key = key_of(log)
  redis.call('DEL', key, key .. ':log', key .. ':moved', key .. ':back')
end

-- Appends entries {kind, id, origin, body [, at, homes]} and publishes them as one frame. Makes the log
-- if it is missing, with `epoch`. Returns epoch, offset of the first one, at.
local function append(log, channel, cap, entries, epoch)
  local key = key_of(log)
  local meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'branch')
  if not meta[1] and mend(log, nil, epoch) then
    meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'branch')
  end
  local top, prev = tonumber(meta[2] or 0), meta[3] or '0'
  if not meta[1] and string.sub(log, 1, 2) == 'r:' then
    redis.call('ZADD', 'chat:rooms', 0, string.sub(log, 3))
  end
  epoch = meta[1] or epoch
  local first, at = top + 1, int(wall_ms())
  local branch = meta[4] and ' ' .. meta[4] or ''
  local frame = {'log ' .. log .. ' ' .. epoch .. ' ' .. int(first) .. ' ' .. prev .. branch}
  for _, entry in ipairs(entries) do
    top = top + 1
    local head = entry[1] .. ' ' .. entry[2] .. ' ' .. (entry[5] or at) .. ' ' .. entry[3]
    if entry[6] then head = head .. entry[6] end
    redis.call('XADD', key .. ':log', int(top) .. '-0', 'h', head, 'b', entry[4])
    frame[#frame + 1] = head
    frame[#frame + 1] = entry[4]
  end
  redis.call('HSET', key, 'epoch', epoch, 'top', int(top), 'id', entries[#entries][2])
  -- Trimmed by a tenth at a time: exact, and cheaper than at each entry.
  local step = math.max(1, math.floor(cap / 10))
  if math.floor(top / step) > math.floor((first - 1) / step) then
    local last = top > cap and id_at(log, top - cap)
    if last then redis.call('HSET', key, 'cut', int(top - cap) .. ' ' .. last) end
    redis.call('XTRIM', key .. ':log', 'MAXLEN', cap)
    local moved = tonumber(redis.call('HGET', key, 'moved') or top)
    -- As many more are remembered as are kept: a node that is behind must not put one back again.
    if moved <= top - 2 * cap then
      redis.call('HDEL', key, 'moved')
      redis.call('DEL', key .. ':moved')
    end
  end
  if channel then redis.call('PUBLISH', channel, table.concat(frame, '\n')) end
  return epoch, first, at
end

-- When something was remembered, by the chat's time. Words that are missing tell that it was the wall's.
local function remembered_at(value)
  local lag = string.match(value, '^%S+ %S+ %S+ %S* (%-?%d+)$')
  return tonumber(string.match(value, '^%d+') or 0) + (lag or 0)
end

-- What is remembered of a message: "AT LOG POSITION TO LAG", or nil.
local function sent_before(sid, token)
  local found = redis.call('HGET', 'chat:sent:' .. sid, token)
  if found and remembered_at(found) + REPEAT_MS > now_ms() then return found end
end

-- Whether an entry may be so young that its id counts. Once the wall has been set, its age is not
-- known: then it counts as one of now, rather than too old.
local function may_repeat(at)
  now_ms()
  return shift ~= 0 or tonumber(at) + REPEAT_MS > wall
end

-- Redis' own expiry goes by the wall, so it is only the net under our own (tidy.lua).
local SENT_NET_MS = 86400000

local function keep_sent(sid, till)
  redis.call('ZADD', 'chat:sents', int(till), sid)
  redis.call('PEXPIRE', 'chat:sent:' .. sid, SENT_NET_MS)
end

-- `at` is by the wall, as people are told it; `old` if it is not one of now.
local function remember(sid, token, at, log, position, to, old)
  local lag = now_ms() - wall
  if old then lag = shift == 0 and 0 or time - tonumber(at) end
  local words = lag == 0 and {at, log, position, to} or {at, log, position, to or '', int(lag)}
  local value = table.concat(words, ' ')
  if redis.call('HSET', 'chat:sent:' .. sid, token, value, '', value) == 2 then
    keep_sent(sid, remembered_at(value) + REPEAT_MS)
  end
end

-- Keeps the newest ids of a session. To look through two thousand takes 2 ms: a call does so for one
-- session, the others have their turn with their next message.
local forgot = false
local function forget_old(sid)
  local key = 'chat:sent:' .. sid
  if forgot or redis.call('HLEN', key) <= 2 * REPEATS then return end
  forgot = true
  local all, ages, places, old, now = redis.call('HGETALL', key), {}, {}, {}, now_ms()
  for n = 2, #all, 2 do
    if all[n - 1] ~= '' then
      -- One number, which sorts by time, and by offset within a millisecond.
      local offset = string.match(all[n], '^%d+ %S+ %w+%-(%d+)')
      places[n] = (remembered_at(all[n]) - now) * 2 ^ 20 + (offset or 0) % 2 ^ 20
      ages[#ages + 1] = places[n]
    end
  end
  table.sort(ages)
  local newest = ages[#ages - REPEATS + 1]
  for n = 2, #all, 2 do
    if places[n] and places[n] < newest then old[#old + 1] = all[n - 1] end
  end
  for n = 1, #old, 500 do redis.call('HDEL', key, unpack(old, n, math.min(n + 499, #old))) end
end

-- Counts a change to the sessions of an incarnation: a node that knows of more changes than Redis
-- does knows that Redis forgot some.
local function changed(inc) return redis.call('HINCRBY', 'chat:ops', inc, 1) end

-- Makes a room if it is missing; says whether it was.
local function make_room(room, epoch)
  if redis.call('EXISTS', key_of('r:' .. room)) == 1 or mend('r:' .. room, nil, epoch) then
    return false
  end
  redis.call('HSET', key_of('r:' .. room), 'epoch', epoch)
  redis.call('HSET', key_of('r:' .. room), 'top', 0, 'id', '0')
  redis.call('ZADD', 'chat:rooms', 0, room)
  redis.call('ZADD', 'chat:idle', int(now_ms()), room)
  return true
end

local function position_of(log)
  local meta = redis.call('HMGET', key_of(log), 'epoch', 'top', 'id')
  return meta[1] and meta[1] .. '-' .. meta[2] .. '-' .. meta[3]
end

-- The offset of an entry that was put back (heal.lua), or nil. Redis may have forgotten a call that is
-- being repeated, while its entry has been put back: then it is not told again.
local function put_back(log, id)
  return tonumber(redis.call('HGET', key_of(log) .. ':back', id) or nil)
end

-- Puts a session into a room; `set` has notices and cap. Returns position, members, quiet (0, 1).
local function enter(sid, nick, fold, room, id, set)
  local members = key_of('r:' .. room) .. ':members'
  local added = redis.call('ZADD', members, 0, fold .. '\0' .. nick)
  local was_idle = redis.call('ZREM', 'chat:idle', room)
  local count, position = redis.call('ZCARD', members), nil
  -- It had members, or it would have been idle: Redis forgot them.
  if count == 1 and added == 1 and was_idle == 0 then
    redis.call('HSET', key_of('r:' .. room), 'bare', int(now_ms()))
  end
  if count <= set.notices then
    local log, body = 'r:' .. room, '"nick":"' .. nick .. '"}'
    local epoch, first = redis.call('HGET', key_of(log), 'epoch'), put_back(log, id)
    if not first then
      epoch, first = append(log, room_channel(room), set.cap, {{'e', id, '-', body}})
    end
    position = epoch .. '-' .. int(first) .. '-' .. id
  else
    position = position_of('r:' .. room)
  end
  redis.call('HSET', 'chat:rooms:' .. sid, room, position)
  return position, count, count > set.notices and 1 or 0
end

-- Whether a place that is noted with a session is one in the room as it is now: a room that was closed
-- has another epoch, or none.
local function is_of(room, position)
  local epoch = position and string.match(position, '^%w+')
  return epoch and redis.call('HGET', key_of('r:' .. room), 'epoch') == epoch
end

-- Takes a session out of a room's members, and says how many are left; nil if it was none. One that
-- Redis forgot among the members is told to have left all the same.
local function unseat(sid, nick, fold, room)
  local members = key_of('r:' .. room) .. ':members'
  local was_none = redis.call('ZREM', members, fold .. '\0' .. nick) == 0 and
    not is_of(room, redis.call('HGET', 'chat:rooms:' .. sid, room))
  redis.call('HDEL', 'chat:rooms:' .. sid, room)
  if was_none then return nil end
  local count = redis.call('ZCARD', members)
  if count == 0 then redis.call('ZADD', 'chat:idle', int(now_ms()), room) end
  return count
end

-- The last hold on a session: that of its connection, or of the one it had.
local function last_hold(sid)
  local hold = redis.call('HMGET', 'chat:session:' .. sid, 'owner', 'was')
  return hold[1] ~= '' and hold[1] or hold[2]
end

-- Takes a session out of a room; `why` is a JSON string that the others are told, or nil.
-- Returns position and at of its `left`, empty in a quiet room.
local function exit(sid, nick, fold, room, reason, id, set, why)
  local count = unseat(sid, nick, fold, room)
  if not count or count > set.notices then return '', '' end
  local origin = sid .. '/' .. (last_hold(sid) or '')
  local more = why and why ~= '' and ',"text":' .. why or ''
  local body = '"nick":"' .. nick .. '","reason":"' .. reason .. '"' .. more .. '}'
  local epoch, first, at =
    append('r:' .. room, room_channel(room), set.cap, {{'l', id, origin, body}}, id)
  return epoch .. '-' .. int(first) .. '-' .. id, at
end

local function fold_of(names) return string.match(names, '^[^ ]*') end

-- What the nick of a session takes up, or nil if there is no such session. A node of version 0.1
-- changes `fold` alone.
local function names_of(sid)
  local found = redis.call('HMGET', 'chat:session:' .. sid, 'looks', 'fold')
  if found[1] and fold_of(found[1]) == found[2] then return found[1] end
  return found[2] or nil
end

-- Writes down what a session's nick takes up.
local function take_names(sid, names)
  local key = 'chat:session:' .. sid
  for name in string.gmatch(names, '[^ ]+') do redis.call('HSET', 'chat:nicks', name, sid) end
  if string.find(names, ' ', 1, true) then
    redis.call('HSET', key, 'looks', names)
  else
    redis.call('HDEL', key, 'looks')
  end
end

local function free_names(sid, names)
  for name in string.gmatch(names, '[^ ]+') do
    if redis.call('HGET', 'chat:nicks', name) == sid then redis.call('HDEL', 'chat:nicks', name) end
  end
end

-- For so long nobody can take a nick, and nodes put back those that they know: as long as a lease.
local NICKS_LOST_MS = 8000

-- Whether a node is known to have the connection of a session.
local function is_connected(sid)
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:nodes', 0, -1)) do
    if redis.call('SISMEMBER', 'chat:at:' .. inc, sid) == 1 then return true end
  end
  return false
end

-- When Redis lost all nicks, though there are sessions; nil if it did not, or they must be back by now.
local function nicks_lost()
  local lost = redis.call('GET', 'chat:nicks:lost')
  if lost or redis.call('EXISTS', 'chat:nicks') == 1 then return lost end
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:nodes', 0, -1)) do
    if redis.call('SCARD', 'chat:at:' .. inc) > 0 then
      lost = int(wall_ms())
      redis.call('SET', 'chat:nicks:lost', lost, 'PX', NICKS_LOST_MS)
      return lost
    end
  end
end

-- For so long a call may be repeated that a session was begun with: longer than a node tries.
local ENDED_MS = 30000

-- Ends a session: its rooms see `left`, its nick is free, its inbox is gone.
local function finish(sid, reason, id, set, why)
  local key = 'chat:session:' .. sid
  local session = redis.call('HMGET', key, 'nick', 'fold', 'owner', 'hellos')
  if not session[1] then return end
  local rooms = redis.call('HKEYS', 'chat:rooms:' .. sid)
  for n, room in ipairs(rooms) do
    exit(sid, session[1], session[2], room, reason, id .. 'k' .. n, set, why)
  end
  free_names(sid, names_of(sid))
  if session[3] ~= '' then redis.call('SREM', 'chat:at:' .. node_of(session[3]), sid) end
  redis.call('ZREM', 'chat:grace', sid)
  work = work + 1 + #rooms + redis.call('XLEN', key_of('i:' .. sid) .. ':log') / ENTRIES
  redis.call('DEL', key, 'chat:rooms:' .. sid)
  drop_log('i:' .. sid)
  if session[4] then redis.call('SET', 'chat:ended:' .. sid, session[4], 'PX', ENDED_MS) end
end

-- Ends the session if its grace period was over at `set.reap`: a reaper may be late.
local function finish_if_due(sid, id, set)
  local due = redis.call('ZSCORE', 'chat:grace', sid)
  if due and tonumber(due) <= math.min(now_ms(), set.reap) then finish(sid, 'lost', id, set) end
end

-- Deletes a room's keys.
local function delete_room(room)
  local key = key_of('r:' .. room)
  work = work + 1 + redis.call('XLEN', key .. ':log') / ENTRIES
  drop_log('r:' .. room)
  redis.call('DEL', key .. ':members')
  redis.call('ZREM', 'chat:rooms', room)
  redis.call('ZREM', 'chat:idle', room)
end

-- Takes members of closed rooms out of them, SWEEP at a time; says whether there are more. Who is in a
-- new room of the same name by now stays there.
local function sweep()
  local next = redis.call('ZRANGEBYSCORE', 'chat:closed', '-inf', '+inf', 'LIMIT', 0, 1)[1]
  if not next then return false end
  local room, epoch = string.match(next, '^(.*) (%S+)$')
  local key = 'chat:closed:' .. next
  local members, folds = redis.call('ZRANGEBYLEX', key, '-', '+', 'LIMIT', 0, SWEEP), {}
  for n, member in ipairs(members) do
    folds[n] = string.sub(member, 1, string.find(member, '\0', 1, true) - 1)
  end
  if #members > 0 then
    local sids = redis.call('HMGET', 'chat:nicks', unpack(folds))
    for n = 1, #members do
      local rooms = sids[n] and 'chat:rooms:' .. sids[n]
      local position = rooms and redis.call('HGET', rooms, room)
      if position and string.match(position, '^%w+') == epoch then redis.call('HDEL', rooms, room) end
    end
    redis.call('ZREM', key, unpack(members))
    work = work + #members / 4
  end
  if redis.call('EXISTS', key) == 0 then redis.call('ZREM', 'chat:closed', next) end
  return redis.call('EXISTS', 'chat:closed') == 1
end

-- Removes a room with its log; nobody is in it any more. Returns how many were. That they were is
-- still noted with their sessions: the first of them are taken out of it at once, the others by the
-- reaper (sweep). Until then the order and its epoch tell that the room is gone.
local function remove_room(room)
  local key = key_of('r:' .. room)
  local epoch = redis.call('HGET', key, 'epoch')
  local count = redis.call('ZCARD', key .. ':members')
  if epoch and count > 0 then
    local closed = room .. ' ' .. epoch
    redis.call('ZUNIONSTORE', 'chat:closed:' .. closed, 1, key .. ':members')
    redis.call('ZADD', 'chat:closed', 0, closed)
  end
  delete_room(room)
  if count > 0 then sweep() end
  return count
end

-- The rooms that a session is in, and where it joined each of them: room, position, room, position...
-- One that was closed, and is still noted with it, is none of them.
local function rooms_of(sid)
  local noted, rooms = redis.call('HGETALL', 'chat:rooms:' .. sid), {}
  if redis.call('EXISTS', 'chat:closed') == 0 then return noted end
  for n = 1, #noted, 2 do
    local epoch = string.match(noted[n + 1], '^%w+')
    if not redis.call('ZSCORE', 'chat:closed', noted[n] .. ' ' .. epoch) then
      rooms[#rooms + 1] = noted[n]
      rooms[#rooms + 1] = noted[n + 1]
    end
  end
  return rooms
end

-- An order of a moderator that holds: its EXTRA and WHY, or nil.
local function order_of(field)
  local found = redis.call('HGET', 'chat:orders', field)
  if not found then return nil end
  local till, extra, why = string.match(found, '^(%d+) (%S+) (.*)$')
  if not till then return nil end
  if till ~= '0' and tonumber(till) <= now_ms() then return nil end
  return extra, why
end

-- Whether a nick is banned, or one that it looks like; `names` is all that it takes up.
local function is_banned(names)
  for name in string.gmatch(names, '[^ ]+') do
    if order_of('nick:' .. name) then return true end
  end
  return false
end

-- Tells all nodes that the orders have changed; who does not hear it learns it with its next renewal.
-- A call that is repeated tells nothing new.
local function tell_orders(id, least)
  local count, last = string.match(redis.call('GET', 'chat:ordered') or '', '^(%d+) (%S+)')
  if last == id then return end
  count = tonumber(count or 0)
  local newest = int(math.max(count, least or 0) + 1) .. ' ' .. id
  redis.call('SET', 'chat:ordered', newest)
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:nodes', 0, -1)) do
    redis.call('PUBLISH', 'chat:node:' .. inc, 'orders ' .. newest)
  end
end

-- Gives an order for so many ms, 0 for ever; `id` names the change. Nobody may have renewed a lease
-- for long: it counts from now all the same.
local function order(id, field, ms, extra, why)
  local till = ms == 0 and '0' or int(latest_ms() + ms)
  redis.call('HSET', 'chat:orders', field, till .. ' ' .. extra .. ' ' .. why)
  tell_orders(id)
end

-- Whether another session has a nick that takes up any of `names`; with `op`, one whose grace period
-- is over is ended, as long as not too much was done already: then the reaper ends it. A name may stand there for
-- a session that has gone, or has another nick by now.
local function taken(sid, names, op, set)
  local place = 0
  for name in string.gmatch(names, '[^ ]+') do
    local holder = redis.call('HGET', 'chat:nicks', name)
    if holder and holder ~= sid then
      place = place + 1
      if op and work <= 2 * ENOUGH then finish_if_due(holder, op .. 'h' .. place, set) end
      local theirs = names_of(holder)
      -- Of one that Redis forgot, and its node has not put back yet, it is not known what it has.
      if not theirs and is_connected(holder) then return true end
      if theirs and string.find(' ' .. theirs .. ' ', ' ' .. name .. ' ', 1, true) then return true end
    end
  end
  return false
end

-- The fence of every change: only the connection that holds the session may make it.
local function owns(sid, owner)
  return redis.call('HGET', 'chat:session:' .. sid, 'owner') == owner
end

-- A repeated call (its reply was lost) gets the first one's reply; but the number of changes in it
-- (at `place`, or its last part) is the one of now, and negative, for nothing was counted for this.
local function answered(sid, op, owner, place)
  local last = redis.call('HMGET', 'chat:session:' .. sid, 'op', 'reply')
  if last[1] ~= op then return nil end
  local reply = cjson.decode(last[2])
  reply[place or #reply] = -tonumber(redis.call('HGET', 'chat:ops', node_of(owner)) or 0)
  return reply
end

local function answer(sid, op, reply)
  redis.call('HSET', 'chat:session:' .. sid, 'op', op, 'reply', cjson.encode(reply))
  return reply
end
