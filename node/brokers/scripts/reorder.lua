-- Puts back moderation rules that Redis has lost, as a node remembers them, and repeats their effects.
-- PARTS head clock announce work room outs finish
-- ARGV  id, number of changes that the node knows of ('' if more rules follow: all nodes are told when all
--       are back), then for each rule: field, ms for which it is still in force (0: for
--       ever), extra, why
-- It stops once it has done ENOUGH (parts/work.lua).
-- Returns {'ok', number of rules that are back}. Rules that Redis has are not changed.
local id, now, back = ARGV[1], now_ms(), 0
though_full()
for n = 3, #ARGV, 4 do
  if work >= ENOUGH then return {'ok', back} end
  local field, left, extra, why = unpack(ARGV, n, n + 3)
  local till = left == '0' and '0' or int(now + tonumber(left))
  if redis.call('HSETNX', 'chat:{c}:orders', field, till .. ' ' .. extra .. ' ' .. why) == 1 then
    local kind, what = string.match(field, '^(%a+):(.*)$')
    if kind == 'kick' then
      finish(what, 'kicked', id .. 'n' .. n .. 'x', why)
    elseif kind == 'room' and redis.call('HGET', 'chat:{c}:births', what) == extra then
      remove_room(what)
      note_drop(what, extra)
    end
  end
  back = back + 1
end
if ARGV[2] ~= '' then announce_rules(id, tonumber(ARGV[2])) end
return {'ok', back}
