-- Puts lost entries back into a log: each once, however many nodes remember them.
-- PARTS head wall clock log mend place page append repeats said sent seat
-- KEYS hash stream moved members seats gone sents never
-- ARGV  log, cap, epoch and branch that the node knows, offset and id of an entry up to which its log
--       and this one are the same (id '': it is not known), offset and id up to which the node has
--       read this log, name for a new branch, the chat's time as far as the node knows it, at least (0:
--       unknown), birth of the room ('': not known), 1 if a log that is missing may be created again, then
--       for each entry: kind, id, at, origin, body, offset, "HOME FORK ..." of earlier losses (''), offset
--       at which the node has read it in this log ('' if it is lost)
-- Returns {'ok', number put back}, {'again'} if the log has changed meanwhile, {'missing'} if it is missing
-- and must not be created, or of another birth, or {'gone'} if the session of this inbox has ended, or
-- there is another room.
local MOST_NEW = 500
-- Original positions of an entry that are remembered: it gets one each time it is put back elsewhere.
local HOMES = 4
local log, cap, epoch, branch, base, base_id, read, read_id, fresh, least, birth, anew = unpack(ARGV, 1, 12)
local key, FIRST = key_of(log), 13
base, read, least = tonumber(base), tonumber(read), tonumber(least)
local meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'birth')
local sid = string.match(log, '^i:(.*)')
if meta[4] and birth ~= '' and meta[4] ~= birth then return {anew == '1' and 'gone' or 'missing'} end
if not sid and not meta[1] and anew == '0' then return {'missing'} end
-- An inbox ends with its session. A later session may have an inbox of the same name.
local since = 0
if sid then
  local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'since')
  if not session[1] then return {'gone'} end
  since = tonumber(session[2] or 0)
end
if not meta[1] and mend(log, epoch) then meta = redis.call('HMGET', key, 'epoch', 'top', 'id') end
local hollow = meta[1] == epoch and is_hollow(log)
-- This node remembers nothing; another node may remember more.
if hollow and #ARGV < FIRST then return {'again'} end
if not meta[1] or (meta[2] == '0' and meta[1] ~= epoch) or hollow then
  -- Redis has lost the whole log: it begins with the oldest entry that the node remembers. A node that has
  -- read nothing of the log cannot know whether other nodes remember older entries.
  if read < base then base, base_id = 0, '0' end
  redis.call('HSET', key, 'epoch', epoch, 'top', int(base), 'id', base_id)
  redis.call('HDEL', key, 'cut', 'branch', 'moved', 'hollow')
  if base > 0 then redis.call('HSET', key, 'cut', int(base) .. ' ' .. base_id) end
  redis.call('DEL', key .. ':moved')
  if branch ~= epoch then redis.call('HSET', key, 'branch', branch) end
  -- Each node notices that its members are missing, and puts them back.
  if not sid then redis.call('HSET', key, 'bare', int(wall_ms())) end
  if birth ~= '' then redis.call('HSET', key, 'birth', birth) end
  meta = {epoch, int(base), base_id}
end
local top = tonumber(meta[2])
if base > top then return {'again'} end
if read > top then read, read_id = top, meta[3] end
local function differs(offset, id)
  if offset == 0 or id == '' then return false end
  if offset == top then return meta[3] ~= id end
  return (id_at(log, offset) or id) ~= id
end
if differs(base, base_id) or differs(read, read_id) then return {'again'} end
-- The node does not know which entry was at `base`. It was not one that was elsewhere in that branch.
if base > 0 and base_id == '' then
  local moved = redis.call('HGET', key .. ':moved', id_at(log, base) or '') or ''
  if string.find(moved, ' ' .. branch .. '-', 1, true) then base = 0 end
end

-- The offsets of entries that are in the log already: at their own offsets, put back by another node, or
-- appended again by a repeated call. 0 if an entry is not to be put back.
local present = {}
local rows = page_of(log, 'XRANGE', int(math.max(base, read) + 1) .. '-0', '+', MOST_NEW)
if rows[1] and tonumber(string.match(rows[#rows][1], '^%d+')) < top then return {'again'} end
for _, row in ipairs(rows) do
  present[id_of(row)] = tonumber(string.match(row[1], '^%d+'))
end
-- Entries before the oldest one were trimmed, or are older than what the first node remembered.
local oldest = redis.call('XRANGE', key .. ':log', '-', '+', 'COUNT', 1)[1]
local start = oldest and tonumber(string.match(oldest[1], '^%d+')) or top + 1
for n = FIRST, #ARGV, 8 do
  local id, offset, read_at = ARGV[n + 1], tonumber(ARGV[n + 5]), tonumber(ARGV[n + 7])
  if read_at and id_at(log, read_at) == id then present[id] = read_at end
  if offset <= top and not present[id] and id_at(log, offset) == id then present[id] = offset end
  if not present[id] then
    local moved = redis.call('HGET', key .. ':moved', id)
    local place = moved and tonumber(string.match(moved, '^%d+'))
    -- An entry that was put back, and trimmed since, counts as present.
    if place and (place < start or id_at(log, place) == id) then present[id] = place end
  end
  if not present[id] and meta[1] == epoch and offset < start and offset <= top then present[id] = 0 end
end
local other = meta[1] ~= epoch
local fork = other and 1 or base + 1
-- Moves the fork behind entries from it on, before an offset, that were appended at `at` or before.
local next_row = 1
-- A node may have read the log beyond the newest entry that it knows to be common to both branches.
if read > base and not other then rows = page_of(log, 'XRANGE', int(base + 1) .. '-0', '+', MOST_NEW) end
local function pass_older(before, at)
  while rows[next_row] do
    local offset, fields = tonumber(string.match(rows[next_row][1], '^%d+')), rows[next_row][2]
    if offset >= before then return end
    if offset >= fork then
      local appended = fields[1] == 'h' and string.match(fields[2], '^%S+ %S+ (%d+) %S+$')
      if not appended or tonumber(appended) > tonumber(at) then return end
      if offset ~= fork and not (next_row == 1 and offset == start) then return end
      fork = offset + 1
    end
    next_row = next_row + 1
  end
end
if not other and #ARGV >= FIRST then
  -- Entries that are older than all that the node remembers were there before the branches parted, and so
  -- were those that have been trimmed before them.
  pass_older(top + 1, ARGV[FIRST + 2])
  -- Entries that another node has put back at their own offsets are common to both branches. So are those
  -- that this node missed before one of its own entries, if they are older than that.
  for n = FIRST, #ARGV, 8 do
    local id, at, own = ARGV[n + 1], ARGV[n + 2], tonumber(ARGV[n + 5])
    pass_older(own, at)
    if own >= fork then
      if own ~= fork or present[id] ~= fork or lost_place(log, id, fork, branch) then break end
      fork = fork + 1
    end
  end
end

-- Forgets homes of entries that have been trimmed, if there are many.
local function forget_homes(key, trimmed)
  if redis.call('HLEN', key .. ':moved') <= most_homes(tonumber(cap)) then return end
  local all, old = redis.call('HGETALL', key .. ':moved'), {}
  for n = 1, #all, 2 do
    if tonumber(string.match(all[n + 1], '^%d+')) <= trimmed and #old < 1000 then old[#old + 1] = all[n] end
  end
  if #old > 0 then redis.call('HDEL', key .. ':moved', unpack(old)) end
end

-- Behind entries of another branch, even the same offset counts as moved.
local parted = other or top >= fork
local function homes_of(n, offset)
  local own, before = ARGV[n + 5], ARGV[n + 6]
  if not parted and int(offset) == own then return before ~= '' and ' ' .. before or '', false end
  local homes, count = ' ' .. branch .. '-' .. own .. ' ' .. int(fork), 1
  for home, old in string.gmatch(before, '(%S+) (%d+)') do
    if count < HOMES then homes = homes .. ' ' .. home .. ' ' .. old end
    count = count + 1
  end
  return homes, true
end

local lost, with_home, renamed = {}, false, false
for n = FIRST, #ARGV, 8 do
  local kind, id, at, origin, body = unpack(ARGV, n, n + 4)
  if tonumber(at) < since then present[id] = present[id] or 0 end
  local place = present[id] or top + #lost + 1
  local homes, moved = '', false
  if place > 0 and (other or int(place) ~= ARGV[n + 5] or not present[id]) then
    homes, moved = homes_of(n, place)
  end
  if homes ~= '' then
    redis.call(present[id] and 'HSETNX' or 'HSET', key .. ':moved', id, int(place) .. homes)
    with_home = true
  end
  if moved then
    parted = true
  elseif place == fork then
    fork = fork + 1
  end
  if not present[id] then
    lost[#lost + 1] = {kind, id, origin, body, at, homes}
    renamed = renamed or moved
    -- A node remembers an entry twice if two of its calls were answered with it.
    present[id] = place
  end
end
if renamed then redis.call('HSET', key, 'branch', fresh) end
if with_home then
  redis.call('HSET', key, 'moved', int(top + #lost))
  forget_homes(key, top - tonumber(cap))
end
if #lost == 0 then return {'ok', 0} end

-- Repeats the effect of an entry that was lost on the seats: one that says that a session came or changed its
-- nick seats it, but lets nobody speak for it until its node says who may; one that says that it left ends
-- that. What a seat, or its end, knows of a later generation stays.
local function reseat(entry, position)
  local sid, gen, life, fold = string.match(entry[3], '^([^/]+)/(%d+)/([^/]+)/(.+)$')
  local nick = string.match(entry[4], '^"nick":"([^"]*)"')
  if not sid or not nick then return end
  gen = tonumber(gen)
  local seat = seat_of(redis.call('HGET', KEYS[5], sid))
  local gone = tonumber(redis.call('ZSCORE', KEYS[6], sid) or -1)
  if entry[1] == 'l' then
    if seat and seat.life == life and seat.gen <= gen then
      redis.call('HDEL', KEYS[5], sid)
      redis.call('ZREM', KEYS[4], member_of(seat))
    end
    redis.call('ZADD', KEYS[6], int(math.max(gone, gen)), sid)
  elseif (not seat or seat.gen < gen) and gone < gen then
    if seat then
      redis.call('ZREM', KEYS[4], member_of(seat))
      position = seat.life == life and seat.position or position
    end
    local now = {gen = gen, life = life, owner = '-', position = position, fold = fold, nick = nick}
    redis.call('HSET', KEYS[5], sid, text_of(now))
    redis.call('ZADD', KEYS[4], 0, fold .. '\0' .. nick)
  end
end

-- Remembers the id of a message whose entry was put back, unless it is too old to be repeated. If Redis'
-- clock has been set, the age is not known, and the message counts as young.
local function remember_again(entry, author, token, position)
  local at = tonumber(entry[5])
  if not sid then
    local stored = least
    if math.abs(wall_ms() - least) <= LEAST_LATE_MS then stored = math.min(at + LEAST_LATE_MS, least) end
    if stored + REPEAT_MS < least then return false end
    redis.call('HSET', key .. ':sent:' .. author, token, entry[5] .. ' ' .. position .. ' ' .. int(stored))
  else
    now_ms()
    if shift == 0 and at + REPEAT_MS <= wall then return false end
    local to = string.match(entry[4], '^"from":"[^"]*","to":"([^"]*)"')
    remember(author, token, entry[5], log, position, to, true)
  end
  return true
end

local channel = not sid and room_channel(string.sub(log, 3))
if sid then
  local owner = redis.call('HGET', 'chat:{c}:session:' .. sid, 'owner')
  channel = owner and owner ~= '' and 'chat:{c}:node:' .. node_of(owner)
end
local _, first
epoch, first = append(log, channel, tonumber(cap), lost, epoch)
local authors = {}
for n, entry in ipairs(lost) do
  if not sid and (entry[1] == 'e' or entry[1] == 'r' or entry[1] == 'l') then
    reseat(entry, epoch .. '-' .. int(first + n - 1) .. '-' .. entry[2])
  end
  local author, token = string.match(entry[3], '^([^:]+):(.+)$')
  local position = epoch .. '-' .. int(first + n - 1) .. '-' .. entry[2]
  if author and remember_again(entry, author, token, position) then authors[author] = false end
end
if sid then
  for author in pairs(authors) do forget_sent(author) end
else
  tend_said(log, authors, least)
end
-- What was settled while the log was lost was said of another state of the room, or was not said at all: who
-- left then was not known to be there, and who came back was not known to have left. So it is said now.
local newest, order, more = {}, {}, {}
for _, entry in ipairs(sid and {} or lost) do
  local who, gen, life, fold = string.match(entry[3], '^([^/]+)/(%d+)/([^/]+)/(.+)$')
  if who and (entry[1] == 'e' or entry[1] == 'r' or entry[1] == 'l') then
    if not newest[who] then order[#order + 1] = who end
    if not newest[who] or tonumber(gen) >= newest[who].gen then
      local nick = string.match(entry[4], '^"nick":"([^"]*)"')
      newest[who] = {kind = entry[1], gen = tonumber(gen), life = life, fold = fold, nick = nick}
    end
  end
end

local function say(kind, who, one, body)
  local origin = who .. '/' .. int(one.gen) .. '/' .. one.life .. '/' .. one.fold
  more[#more + 1] = {kind, fresh .. 'o' .. int(#more + 1), origin, body, int(wall_ms())}
end

local noted
for _, who in ipairs(order) do
  local one, seat = newest[who], seat_of(redis.call('HGET', KEYS[5], who))
  local gone = tonumber(redis.call('ZSCORE', KEYS[6], who) or -1)
  if one.kind ~= 'l' and not seat and gone >= one.gen then
    one.gen = gone
    say('l', who, one, '"nick":"' .. one.nick .. '","reason":"lost"}')
  elseif one.kind == 'l' and seat and seat.life == one.life and seat.gen > one.gen then
    local offset, id = string.match(seat.position, '^%w+%-(%d+)%-(%w+)$')
    local row = offset and redis.call('XRANGE', KEYS[2], offset .. '-0', offset .. '-0')[1]
    local said = row and id_of(row) == id and tonumber(string.match(row[2][2], ' ' .. who .. '/(%d+)/') or '')
    if not said or said <= one.gen then say('e', who, seat, '"nick":"' .. seat.nick .. '"}') end
  elseif one.kind ~= 'l' and seat and seat.life == one.life and seat.gen > one.gen and seat.said ~= one.nick then
    -- Later entries may be put back that tell the nick: what is still missing is told after the audit.
    seat.said = one.nick
    redis.call('HSET', KEYS[5], who, text_of(seat))
    noted = noted or renames_of(redis.call('HGET', key, 'renames'))
    note_rename(noted, one.fold, who)
  end
end
if noted then write_renames(key, noted) end
if #more > 0 then append(log, channel, tonumber(cap), more, epoch) end
if not sid then redis.call('HSET', key, 'size', redis.call('HLEN', KEYS[5])) end
return {'ok', #lost}
