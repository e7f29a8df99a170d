-- Logs: positions, pages, and the append of entries.

-- The id of an entry of a stream. One that no node has written gets an id that is the same everywhere.
local function id_of(entry)
  local found = entry[2][1] == 'h' and string.match(entry[2][2], '^%S+ (%S+)')
  return found or 'x' .. string.match(entry[1], '^%d+')
end

-- The id of the entry at an offset; nil if the log does not retain it. The id of the newest entry that
-- was trimmed is remembered: a reader that has read up to there has missed nothing.
local function id_at(log, offset)
  local place = int(offset) .. '-0'
  local found = redis.call('XRANGE', key_of(log) .. ':log', place, place)
  if found[1] then return id_of(found[1]) end
  local cut = redis.call('HGET', key_of(log), 'cut')
  return cut and string.match(cut, '^' .. int(offset) .. ' (%S+)')
end

-- The fork and the name of a branch that was lost, if an entry with an id was at an offset of that branch;
-- else nil. `branch` is its name, '' for any.
local function lost_place(log, id, offset, branch)
  local moved = redis.call('HGET', key_of(log) .. ':moved', id)
  for name, home, fork in string.gmatch(moved or '', ' (%w+)%-(%d+) (%d+)') do
    if tonumber(home) == offset and (branch == '' or branch == name) then return tonumber(fork), name end
  end
end

-- Where a reader that has read up to a position goes on. `meta` are epoch, top, id, branch and moved of
-- the log; `branch` is that of the position: '' if it is not known, '*' for the log's present one.
-- Returns 'on' and the next offset; 'moved' and the fork, if the entry of the position has another offset
-- now; 'off' and 1, if the log does not know the position. Then the offset of the entry, 0 if it is not
-- retained, and, if it has moved, the branch of the position.
local function place_of(log, meta, epoch, offset, id, branch)
  local top = tonumber(meta[2])
  if offset == 0 then
    local on = top == 0 or #redis.call('XRANGE', key_of(log) .. ':log', '1-0', '1-0') > 0
    return on and 'on' or 'off', 1, 0
  end
  local there = epoch == meta[1] and id_at(log, offset)
  if there == id or (epoch == meta[1] and offset == top and id == meta[3]) then
    -- An entry that was put back behind entries of another branch may have its old offset again.
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
  -- The entry itself is not retained, but all after it are.
  local after = int(offset + 1) .. '-0'
  if epoch == meta[1] and offset < top and not there
    and #redis.call('XRANGE', key_of(log) .. ':log', after, after) > 0 then
    return 'on', offset + 1, 0
  end
  return 'off', 1, 0
end

-- Reads entries of a log by XRANGE or XREVRANGE: at most `most`, and at most `bytes` (PAGE_BYTES if nil)
-- beyond the first one.
local function page_of(log, command, from, to, most, bytes)
  bytes = bytes or PAGE_BYTES
  -- Their length is not known yet, and entries read beyond the page are read in vain.
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

-- Adds the homes to the entries of a page: an entry that a repeated call has appended again has none in
-- its head.
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

-- The epoch of a room's log, from the position at which one of its members joined; nil if none has one.
local function epoch_by_members(room)
  local members = redis.call('ZRANGE', key_of('r:' .. room) .. ':members', 0, 4)
  for _, member in ipairs(members) do
    local fold = string.sub(member, 1, string.find(member, '\0', 1, true) - 1)
    local sid = redis.call('HGET', 'chat:nicks', fold)
    local position = sid and redis.call('HGET', 'chat:rooms:' .. sid, room)
    if position then return string.match(position, '^%w+') end
  end
end

-- Repairs the hash of a log that has entries: creates it if it is lost, and updates it if it is older
-- than the newest entry. `epoch` is the one that the caller knows, or nil; `new` is one to use if nobody
-- knows it, or nil. Returns whether it changed the hash.
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

-- Whether a log has a hash that names entries, but no stream: its entries are lost.
local function is_hollow(log)
  local meta = redis.call('HMGET', key_of(log), 'top', 'id', 'cut')
  if not meta[1] or meta[1] == '0' or meta[3] == meta[1] .. ' ' .. meta[2] then return false end
  return redis.call('EXISTS', key_of(log) .. ':log') == 0
end

-- For so long messages wait for nodes to put back the lost entries of a log: two head polls.
local HOLLOW_MS = 4000

-- Whether messages for a log have to wait, because its entries are lost and a node may remember them. An
-- entry that is appended before would hide the loss.
local function waits_for_entries(log)
  if not is_hollow(log) then
    redis.call('HDEL', key_of(log), 'hollow')
    return false
  end
  redis.call('HSETNX', key_of(log), 'hollow', int(now_ms()))
  return now_ms() < redis.call('HGET', key_of(log), 'hollow') + HOLLOW_MS
end

-- How many entries that were put back are remembered, and for how many offsets: twice as many as a log
-- retains. A log may retain few, and each node may put as many back again; so for LEAST_HOMES at least.
local LEAST_HOMES = 1000
local function most_homes(cap)
  return math.max(2 * cap, LEAST_HOMES)
end

-- Deletes a log.
local function drop_log(log)
  local key = key_of(log)
  redis.call('DEL', key, key .. ':log', key .. ':moved', key .. ':back')
end

-- Appends entries {kind, id, origin, body [, at, homes]} and publishes them as one frame. Creates the log
-- if it is missing, with `epoch`. Returns epoch, offset of the first entry, at, the frame.
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
  -- It is trimmed by a tenth at a time: exactly, and at less cost than with each entry.
  local step = math.max(1, math.floor(cap / 10))
  if math.floor(top / step) > math.floor((first - 1) / step) then
    local last = top > cap and id_at(log, top - cap)
    if last then redis.call('HSET', key, 'cut', int(top - cap) .. ' ' .. last) end
    redis.call('XTRIM', key .. ':log', 'MAXLEN', cap)
    local moved = tonumber(redis.call('HGET', key, 'moved') or top)
    -- They are remembered after they were trimmed: a node that is behind must not put one back again.
    if moved <= top - most_homes(cap) then
      redis.call('HDEL', key, 'moved')
      redis.call('DEL', key .. ':moved')
    end
  end
  local text = table.concat(frame, '\n')
  if channel then redis.call('PUBLISH', channel, text) end
  return epoch, first, at, text
end
