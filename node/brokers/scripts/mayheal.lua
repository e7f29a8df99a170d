-- Says whether a log that a node remembers may be put back, and into which room.
-- PARTS head clock rules
-- ARGV  room, its birth ('': not known)
-- Returns {'ok', birth of the room}: another one if Redis had lost the room, and somebody made it again;
-- {'gone'} if a moderator has closed it.
local room, birth = ARGV[1], ARGV[2]
local there = redis.call('HGET', 'chat:{c}:births', room)
if birth == '' then birth = there end
if not birth or rule_of('room:' .. room) == birth then return {'gone'} end
if not there then
  -- Redis has lost that there is the room; it was perhaps deleted because nobody used it, and is again.
  redis.call('HSET', 'chat:{c}:births', room, birth)
  redis.call('ZADD', 'chat:{c}:rooms', 0, room)
  redis.call('ZADD', 'chat:{c}:idle', 'NX', int(now_ms()), room)
end
return {'ok', there or birth}
