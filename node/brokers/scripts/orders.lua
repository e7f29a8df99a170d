-- Lists what moderators have ordered and still holds; what is over is forgotten.
-- ARGV  (none)
-- Returns {id of the newest change, then for each order: field, ms that it still holds (0: for ever),
-- extra, why}.
local list, now = {redis.call('GET', 'chat:ordered') or ''}, now_ms()
local all = redis.call('HGETALL', 'chat:orders')
for n = 1, #all, 2 do
  local till, extra, why = string.match(all[n + 1], '^(%d+) (%S+) (.*)$')
  local left = tonumber(till) - now
  if till ~= '0' and left <= 0 then
    redis.call('HDEL', 'chat:orders', all[n])
  else
    list[#list + 1] = all[n]
    list[#list + 1] = till == '0' and 0 or left
    list[#list + 1] = extra
    list[#list + 1] = why
  end
end
return list
