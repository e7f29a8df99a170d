-- Pages of a log, and where a reader goes on. Only keys of the log are touched.
-- PARTS head log

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

-- Bytes in a page of a log: they take a millisecond. A page is read some entries at a time, because
-- reading copies whole bodies.
local PAGE_BYTES, PAGE_STEP, FIRST_STEP = 262144, 50, 10

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
