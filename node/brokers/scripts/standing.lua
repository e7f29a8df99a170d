-- Returns the state of a session, after a change to it that was not answered in time.
-- PARTS head clock session room settle
-- ARGV  session, owner, notices
-- Returns {'ok', nick, at, rooms...}, each room {name, position, members, created (0), quiet, birth}, or
-- {'gone'}.
local sid, notices = ARGV[1], tonumber(ARGV[3])
if not owns(sid, ARGV[2]) then return {'gone'} end
local noted, rooms = rooms_of(sid), {}
for n = 1, #noted, 2 do
  local key = key_of('r:' .. noted[n])
  local seat, size = seat_of(redis.call('HGET', key .. ':seats', sid)), redis.call('HLEN', key .. ':seats')
  if seat then
    rooms[#rooms + 1] = {noted[n], seat.position, size, 0, size > notices and 1 or 0, noted[n + 1]}
  end
end
return {'ok', redis.call('HGET', 'chat:{c}:session:' .. sid, 'nick'), int(wall_ms()), unpack(rooms)}
