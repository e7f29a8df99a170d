-- Lists the moderation rules in force, some hundred at a time; deletes those that are over, and values
-- that are no rules.
-- PARTS clock
-- ARGV  cursor ('0' to begin with), about how many
-- Returns {id of the newest change, cursor for the next page ('0': none), then for each rule: field, ms
-- for which it is still in force (0: for ever), extra, why}; a rule may come twice. Pages of different
-- changes do not belong together.
local found = redis.call('HSCAN', 'chat:{c}:orders', ARGV[1] or '0', 'COUNT', ARGV[2] or 250)
local list, over = {redis.call('GET', 'chat:{c}:ordered') or '', found[1]}, {}
local all, now = found[2], now_ms()
for n = 1, #all, 2 do
  local till, extra, why = string.match(all[n + 1], '^(%d+) (%S+) (.*)$')
  local left = tonumber(till or 1) - now
  if till ~= '0' and left <= 0 then
    over[#over + 1] = all[n]
  else
    list[#list + 1] = all[n]
    list[#list + 1] = till == '0' and 0 or left
    list[#list + 1] = extra
    list[#list + 1] = why
  end
end
for n = 1, #over, 500 do
  redis.call('HDEL', 'chat:{c}:orders', unpack(over, n, math.min(n + 499, #over)))
end
return list
