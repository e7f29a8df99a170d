-- Pages of a log. Only keys of the log are touched.
-- PARTS head log

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
