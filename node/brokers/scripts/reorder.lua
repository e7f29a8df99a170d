-- Puts back orders that Redis forgot, as a node remembers them, and does again what was done with them.
-- ARGV  id, number of changes that the node knows of, notices, cap, then for each order: field, ms that
--       it still holds (0: for ever), extra, why
-- Returns {'ok'}. What Redis has of its own stays as it is.
local id, now = ARGV[1], now_ms()
local set = {notices = tonumber(ARGV[3]), cap = tonumber(ARGV[4])}
for n = 5, #ARGV, 4 do
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
end
tell_orders(id, tonumber(ARGV[2]))
return {'ok'}
