-- Reads a page of a log's messages.
-- ARGV  log, 'before', 'upto' or 'after', position ('' for the newest), limit, most bytes
-- Returns {epoch, more (0, 1), entries, oldest first}; a position that is not kept counts as the oldest.
local log, backwards, limit, room = ARGV[1], ARGV[2] ~= 'after', tonumber(ARGV[4]), tonumber(ARGV[5])
local key = key_of(log)
local epoch = redis.call('HGET', key, 'epoch')
if not epoch then return {'', 0, {}} end
local at = nil
if ARGV[3] ~= '' then
  local its, offset, id = string.match(ARGV[3], '^(%w+)%-(%d+)%-(%w+)$')
  at = 0
  if its == epoch and id_at(log, offset) == id then
    at = tonumber(offset)
  else
    -- It may have been put back elsewhere.
    for _, entry in ipairs(redis.call('XRANGE', key .. ':log', '-', '+')) do
      if string.match(entry[2][2], '^%S+ (%S+)') == id then
        at = tonumber(string.match(entry[1], '^%d+'))
      end
    end
  end
end
if at and ARGV[2] == 'upto' then at = at + 1 end
local found, more = {}, 0
while more == 0 do
  local rows
  if backwards then
    if at and at < 1 then break end
    local last = at and int(at - 1) .. '-0' or '+'
    rows = redis.call('XREVRANGE', key .. ':log', last, '-', 'COUNT', limit + 50)
  else
    rows = redis.call('XRANGE', key .. ':log', int(at + 1) .. '-0', '+', 'COUNT', limit + 50)
  end
  if #rows == 0 then break end
  for _, row in ipairs(rows) do
    at = tonumber(string.match(row[1], '^%d+'))
    if string.sub(row[2][2], 1, 2) == 'm ' then
      room = room - #row[2][4] - 256
      if #found == limit or room < 0 then
        more = 1
        break
      end
      found[#found + 1] = row
    end
  end
end
if backwards then
  local turned = {}
  for n = #found, 1, -1 do turned[#turned + 1] = found[n] end
  found = turned
end
return {epoch, more, found}
