-- Lists rooms by code points of their names.
-- ARGV  name after which to begin (''), most rooms
-- Returns {more (0, 1), name, members, name, members...}
if redis.call('ZCARD', 'chat:{c}:rooms') ~= redis.call('HLEN', 'chat:{c}:births') then
  -- Redis has lost one of both. A session that is put back brings the birth of its rooms.
  redis.call('DEL', 'chat:{c}:rooms')
  for _, room in ipairs(redis.call('HKEYS', 'chat:{c}:births')) do
    redis.call('ZADD', 'chat:{c}:rooms', 0, room)
  end
end
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local most = tonumber(ARGV[2])
local names = redis.call('ZRANGEBYLEX', 'chat:{c}:rooms', from, '+', 'LIMIT', 0, most + 1)
local list = {#names > most and 1 or 0}
if names[most + 1] then names[most + 1] = nil end
if #names > 0 then
  for n, count in ipairs(redis.call('HMGET', 'chat:{c}:counts', unpack(names))) do
    list[#list + 1] = names[n]
    list[#list + 1] = tonumber(count or 0)
  end
end
return list
