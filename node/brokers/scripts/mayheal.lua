-- Says whether a room whose log is lost may be put back.
-- PARTS head clock rules
-- ARGV  room, its birth ('': not known)
-- Returns {'ok', birth}; {'gone'}, if there is another room of that name, or a moderator has closed this one.
local room, birth = ARGV[1], ARGV[2]
local there = redis.call('HGET', 'chat:{c}:births', room)
if birth == '' then birth = there end
if not birth or (there and there ~= birth) or rule_of('room:' .. room) == birth then return {'gone'} end
if not there then
  -- Redis has lost that there is the room; it was perhaps deleted because nobody used it, and is again.
  redis.call('HSET', 'chat:{c}:births', room, birth)
  redis.call('ZADD', 'chat:{c}:rooms', 0, room)
  redis.call('ZADD', 'chat:{c}:idle', 'NX', int(now_ms()), room)
end
return {'ok', birth}
