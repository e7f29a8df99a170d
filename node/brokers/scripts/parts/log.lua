-- Logs and their entries. Only keys of the log are touched.
-- PARTS head

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

-- Whether a log has a hash that names entries, but no stream: its entries are lost.
local function is_hollow(log)
  local key = key_of(log)
  if redis.call('EXISTS', key .. ':log') == 1 then return false end
  local meta = redis.call('HMGET', key, 'top', 'id', 'cut')
  return meta[1] and meta[1] ~= '0' and meta[3] ~= meta[1] .. ' ' .. meta[2]
end
