-- Positions in a log, and where a reader of it goes on. Only keys of the log are touched.
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
