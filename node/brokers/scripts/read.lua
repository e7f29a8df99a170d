-- Reads a log after a position.
-- ARGV  log, epoch, offset and id of the position (offset 0: from the beginning), most entries
-- Returns {'on', epoch, top, id, entries after the position}, or, if the log does not hold the
-- position where it says, {'off', epoch, top, id, all entries}; a missing log is {'off'} alone.
local log, epoch, offset, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local key = key_of(log)
local meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
if not meta[1] then return {'off'} end
local top, on = tonumber(meta[2]), false
if offset == 0 or epoch == meta[1] then
  if offset == top then
    on = top == 0 or id == meta[3]
  elseif offset < top then
    local found = offset > 0 and id_at(log, offset)
    if found then
      on = found == id
    else
      -- Not kept itself, but all that came after it is.
      on = #redis.call('XRANGE', key .. ':log', int(offset + 1) .. '-0', int(offset + 1) .. '-0') > 0
    end
  end
end
local entries
if on then
  entries = redis.call('XRANGE', key .. ':log', int(offset + 1) .. '-0', '+', 'COUNT', ARGV[5])
else
  entries = redis.call('XRANGE', key .. ':log', '-', '+')
end
return {on and 'on' or 'off', meta[1], top, meta[3], entries}
