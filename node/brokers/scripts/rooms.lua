-- Lists rooms by code points of their names.
-- PARTS head
-- ARGV  name after which to begin (''), most rooms
-- Returns {more (0, 1), name, members, name, members...}
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local most = tonumber(ARGV[2])
local names = redis.call('ZRANGEBYLEX', 'chat:{c}:rooms', from, '+', 'LIMIT', 0, most + 1)
local list = {#names > most and 1 or 0}
for n = 1, math.min(#names, most) do
  list[#list + 1] = names[n]
  list[#list + 1] = redis.call('ZCARD', key_of('r:' .. names[n]) .. ':members')
end
return list
