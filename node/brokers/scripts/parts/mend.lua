-- The repair of a log whose hash is lost or old.
-- PARTS head log

-- The epoch of a room's log, from the position at which one of its members joined; nil if none has one.
local function epoch_by_seats(log)
  local seats = redis.call('HSCAN', key_of(log) .. ':seats', 0, 'COUNT', 5)[2]
  return seats[2] and string.match(seats[2], '^%S+ %S+ %S+ (%w+)%-')
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
  epoch = meta[1] or epoch or epoch_by_seats(log) or new
  if not epoch then return false end
  though_full(log)
  redis.call('HSET', key_of(log), 'epoch', epoch, 'top', top, 'id', id_of(newest))
  if not meta[1] and redis.call('EXISTS', key_of(log) .. ':moved') == 1 then
    redis.call('HSET', key_of(log), 'moved', top)
  end
  return true
end
