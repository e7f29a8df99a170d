-- Reads a page of a log's messages.
-- PARTS head log place
-- KEYS hash stream moved never
-- ARGV  log, 'before', 'upto' or 'after', position ('' for the newest), limit, most bytes
-- Returns {epoch, more (0, 1), entries, oldest first, position from which to go on}. The last one is ''
-- unless so many other entries stand between the messages that another call has to read the rest of the
-- page. A position that is not retained counts as the oldest.
local log, backwards, limit, room = ARGV[1], ARGV[2] ~= 'after', tonumber(ARGV[4]), tonumber(ARGV[5])
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch', 'moved')
local epoch = meta[1]
if not epoch then return {'', 0, {}} end
local at = nil
if ARGV[3] ~= '' then
  local its, offset, id = string.match(ARGV[3], '^(%w+)%-(%d+)%-(%w+)$')
  local status, _, place = place_of(log, meta, its, tonumber(offset), id, '')
  at = status == 'off' and 0 or place
end
if at and ARGV[2] == 'upto' then at = at + 1 end
-- 50 entries are read at a time, because few of the longest messages fill a page; one call looks at 500.
local READ, LOOK = 50, 500
local found, more, looked, from = {}, 0, 0, ''
while more == 0 and from == '' do
  local rows
  if backwards then
    if at and at < 1 then break end
    local last = at and int(at - 1) .. '-0' or '+'
    rows = redis.call('XREVRANGE', KEYS[2], last, '-', 'COUNT', READ)
  else
    rows = redis.call('XRANGE', KEYS[2], int(at + 1) .. '-0', '+', 'COUNT', READ)
  end
  if #rows == 0 then break end
  for _, row in ipairs(rows) do
    at = tonumber(string.match(row[1], '^%d+'))
    if row[2][4] and string.sub(row[2][2], 1, 2) == 'm ' then
      room = room - #row[2][4] - 256
      if #found == limit or room < 0 then
        more = 1
        break
      end
      found[#found + 1] = row
    end
  end
  looked = looked + #rows
  if more == 0 and looked >= LOOK then
    from = epoch .. '-' .. int(at) .. '-' .. id_of(rows[#rows])
  end
end
if backwards then
  local turned = {}
  for n = #found, 1, -1 do turned[#turned + 1] = found[n] end
  found = turned
end
return {epoch, more, found, from}
