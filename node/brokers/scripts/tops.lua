-- Tells the newest position of many logs, and mends what is left of one that is in part gone.
-- ARGV  for each log: its name, the epoch that the node knows ('' if none)
-- Returns epoch, top, id and number of members of each, one after the other; '' for a missing log. A
-- log without its entries has no id: so it differs from what any node knows. MENDED are mended in one
-- call, because their entries may be long; the others with the next ones.
local MENDED = 20
local tops, mended = {}, 0
for n = 1, #ARGV, 2 do
  local log, known = ARGV[n], ARGV[n + 1]
  local key = key_of(log)
  local meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
  local beyond = meta[1] and int(tonumber(meta[2]) + 1) .. '-0' or '-'
  if mended < MENDED and redis.call('XRANGE', key .. ':log', beyond, '+', 'COUNT', 1)[1] then
    mended = mended + 1
    if mend(log, known ~= '' and known or nil) then
      meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
    end
  end
  if meta[1] and is_hollow(log) then meta[3] = '' end
  for part = 1, 3 do tops[#tops + 1] = meta[part] or '' end
  tops[#tops + 1] = redis.call('ZCARD', key .. ':members')
end
return tops
