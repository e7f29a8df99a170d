-- Tells the newest position of many logs.
-- ARGV  logs
-- Returns epoch, top and id of each, one after the other; '' for a missing log.
local tops = {}
for _, log in ipairs(ARGV) do
  local meta = redis.call('HMGET', key_of(log), 'epoch', 'top', 'id')
  for n = 1, 3 do tops[#tops + 1] = meta[n] or '' end
end
return tops
