-- Puts lost entries back into a log: each once, however many nodes remember them.
-- PARTS head wall clock log mend page append repeats said sent rules leave
-- KEYS hash stream moved members back sents never
-- ARGV  log, cap, epoch and branch that the node knows, offset and id of an entry up to which its log
--       and this one are the same (id '': it is not known), offset and id up to which the node has
--       read this log, name for a new branch, the chat's time as far as the node knows it, at least (0:
--       unknown), then for each entry: kind, id, at, origin, body, offset, "HOME FORK ..." of earlier
--       losses (''), offset at which the node has read it in this log ('' if it is lost)
-- Returns {'ok', number put back}, {'again'} if the log has changed meanwhile, or {'gone'} if the
-- session of this inbox has ended, or a moderator has closed the room of this log.
local LEAVE_AGAIN_MS, MOST_NEW = 5000, 500
-- Original positions of an entry that are remembered: it gets one each time it is put back elsewhere.
local HOMES = 4
local log, cap, epoch, branch, base, base_id, read, read_id, fresh, least = unpack(ARGV, 1, 10)
local key, FIRST = key_of(log), 11
base, read, least = tonumber(base), tonumber(read), tonumber(least)
local meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
local sid = string.match(log, '^i:(.*)')
if not sid and rule_of('room:' .. string.sub(log, 3)) == epoch then return {'gone'} end
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
  if not sid then
    local room = string.sub(log, 3)
    redis.call('ZADD', 'chat:{c}:rooms', 0, room)
    -- Perhaps it was deleted because nobody used it: then it is to be deleted again.
    if redis.call('ZCARD', key .. ':members') == 0 then
      redis.call('ZADD', 'chat:{c}:idle', 'NX', int(now_ms()), room)
    end
  end
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
  end
end
if renamed then redis.call('HSET', key, 'branch', fresh) end
if with_home then
  redis.call('HSET', key, 'moved', int(top + #lost))
  forget_homes(key, top - tonumber(cap))
end
if #lost == 0 then return {'ok', 0} end

-- Repeats the effect of a `left` that was lost: Redis still has the session in the room, and would let it
-- leave once more. A session that was continued since, or put back by its node, has another owner.
local function leave_again(place, sid, owner)
  local nick, reason = string.match(lost[place][4], '^"nick":"([^"]*)","reason":"(%a+)"')
  for n = place + 1, #lost do
    if lost[n][1] == 'e' and string.match(lost[n][4], '^"nick":"([^"]*)"') == nick then return end
  end
  local session = redis.call('HMGET', 'chat:{c}:session:' .. sid, 'nick', 'fold')
  if not session[1] or last_owner(sid) ~= owner then return end
  remove_member(sid, session[1], session[2], string.sub(log, 3))
  if reason == 'left' then return end
  redis.call('HSET', 'chat:{c}:session:' .. sid, 'owner', '', 'was', owner)
  redis.call('SREM', 'chat:{c}:at:' .. node_of(owner), sid)
  -- It ends later, when its other rooms have been put back.
  redis.call('ZADD', 'chat:{c}:grace', int(latest_ms() + LEAVE_AGAIN_MS), sid)
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
  if entry[1] == 'e' or entry[1] == 'r' then
    redis.call('HSET', key .. ':back', entry[2], int(first + n - 1))
    redis.call('PEXPIRE', key .. ':back', REPEAT_MS)
  end
  if entry[1] == 'l' then
    local who, owner = string.match(entry[3], '^([^/]+)/(.+)$')
    if who then leave_again(n, who, owner) end
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
return {'ok', #lost}
