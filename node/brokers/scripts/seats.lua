-- Lists seats of a room, some hundred at a time.
-- PARTS seat head
-- KEYS hash seats never
-- ARGV  cursor ('0' to begin with), about how many
-- Returns {birth of the room, cursor for the next page ('0': none), then for each seat: session, life, gen,
-- nick that the log tells, owner}; a seat may come twice.
local found = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local list = {redis.call('HGET', KEYS[1], 'birth') or '', found[1]}
for n = 1, #found[2], 2 do
  local seat = seat_of(found[2][n + 1])
  if seat then
    for _, part in ipairs({found[2][n], seat.life, int(seat.gen), seat.said, seat.owner}) do
      list[#list + 1] = part
    end
  end
end
return list
