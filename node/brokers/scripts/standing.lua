-- Returns the state of a session, after a change to it that was not answered in time.
-- PARTS head wall session
-- ARGV  session, owner, notices
-- Returns {'ok', nick, at, rooms...}, each room {name, position, members, created (0), quiet}, or
-- {'gone'}.
local sid, notices = ARGV[1], tonumber(ARGV[3])
if not owns(sid, ARGV[2]) then return {'gone'} end
local noted, rooms = rooms_of(sid), {}
for n = 1, #noted, 2 do
  local size = redis.call('ZCARD', key_of('r:' .. noted[n]) .. ':members')
  rooms[#rooms + 1] = {noted[n], noted[n + 1], size, 0, size > notices and 1 or 0}
end
return {'ok', redis.call('HGET', 'chat:{c}:session:' .. sid, 'nick'), int(wall_ms()), unpack(rooms)}
