-- Puts back orders that Redis forgot, as a node remembers them, and does again what was done with them.
-- ARGV  id, number of changes that the node knows of ('' if more orders follow: the others are told
--       when all are back), notices, cap, then for each order: field, ms that it still holds (0: for
--       ever), extra, why
-- It stops once it has done ENOUGH (common.lua).
-- Returns {'ok', number of orders that are back}. What Redis has of its own stays as it is.
local id, now, back = ARGV[1], now_ms(), 0
local set = {notices = tonumber(ARGV[3]), cap = tonumber(ARGV[4])}
though_full()
for n = 5, #ARGV, 4 do
  if work >= ENOUGH then return {'ok', back} end
  local field, left, extra, why = unpack(ARGV, n, n + 3)
  local till = left == '0' and '0' or int(now + tonumber(left))
  if redis.call('HSETNX', 'chat:orders', field, till .. ' ' .. extra .. ' ' .. why) == 1 then
    local kind, what = string.match(field, '^(%a+):(.*)$')
    if kind == 'kick' then
      finish(what, 'kicked', id .. 'n' .. n .. 'x', set, why)
    elseif kind == 'room' and redis.call('HGET', key_of('r:' .. what), 'epoch') == extra then
      remove_room(what)
    end
  end
  back = back + 1
end
if ARGV[2] ~= '' then tell_orders(id, tonumber(ARGV[2])) end
return {'ok', back}
