-- The append of entries to a log.
-- PARTS head wall log mend

-- How many entries that were put back are remembered, and for how many offsets: twice as many as a log
-- retains. A log may retain few, and each node may put as many back again; so for LEAST_HOMES at least.
local LEAST_HOMES = 1000

local function most_homes(cap)
  return math.max(2 * cap, LEAST_HOMES)
end

-- Appends entries {kind, id, origin, body [, at, homes, offset as text]} to a log whose epoch, top, id and
-- branch are in `meta` (and `size`, the number of seats, if that is to be noted), and publishes them as one
-- frame. Returns epoch, offset of the first entry, its at, the frame. Numbers are made text as seldom as
-- possible: each time takes a quarter of a microsecond.
local function write(log, channel, cap, entries, meta)
  local key, epoch, top, prev = key_of(log), meta[1], tonumber(meta[2] or 0), meta[3] or '0'
  local first, at = top + 1, entries[1][5] or int(wall_ms())
  local place = entries[1][7] or int(first)
  local branch = meta[4] and ' ' .. meta[4] or ''
  local frame = {'log ' .. log .. ' ' .. epoch .. ' ' .. place .. ' ' .. prev .. branch}
  for n, entry in ipairs(entries) do
    top = top + 1
    if n > 1 then place = entry[7] or int(top) end
    local head = entry[1] .. ' ' .. entry[2] .. ' ' .. (entry[5] or at) .. ' ' .. entry[3]
    if entry[6] then head = head .. entry[6] end
    redis.call('XADD', key .. ':log', place .. '-0', 'h', head, 'b', entry[4])
    frame[#frame + 1] = head
    frame[#frame + 1] = entry[4]
  end
  local last_id = entries[#entries][2]
  if meta.size then
    redis.call('HSET', key, 'epoch', epoch, 'top', place, 'id', last_id, 'size', meta.size)
  else
    redis.call('HSET', key, 'epoch', epoch, 'top', place, 'id', last_id)
  end
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
  if channel then redis.call('SPUBLISH', channel, text) end
  return epoch, first, at, text
end

-- The same for a log whose hash was not read yet. It is created if it is missing, with `epoch`.
local function append(log, channel, cap, entries, epoch)
  local key = key_of(log)
  local meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'branch')
  if not meta[1] and mend(log, nil, epoch) then
    meta = redis.call('HMGET', key, 'epoch', 'top', 'id', 'branch')
  end
  meta[1] = meta[1] or epoch
  return write(log, channel, cap, entries, meta)
end
