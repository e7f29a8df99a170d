-- Lists seats of a room, some hundred at a time.
-- KEYS hash seats never
-- ARGV  cursor ('0' to begin with), about how many
-- Returns {birth of the room, cursor for the next page ('0': none), then for each seat: session, life, gen,
-- nick that the log tells, owner}; a seat may come twice.
local found = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local list = {redis.call('HGET', KEYS[1], 'birth') or '', found[1]}
for n = 1, #found[2], 2 do
  -- As in parts/seat.lua, but at less cost: these are many.
  local parts = '^(%d+) (%S+) (%S+) %S+ %S+ ([^\n]*)\n?(.*)$'
  local gen, life, owner, nick, said = string.match(found[2][n + 1], parts)
  if gen then
    local last = #list
    list[last + 1], list[last + 2], list[last + 3] = found[2][n], life, gen
    list[last + 4], list[last + 5] = said ~= '' and said or nick, owner
  end
end
return list
