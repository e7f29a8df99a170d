-- Lists a room's members by code points of their folded nicks.
-- KEYS members never
-- ARGV  folded nick after which to begin (''), most members
-- Returns {more (0, 1), nick, nick...}
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1] .. '\1'
local most = tonumber(ARGV[2])
local found = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, most + 1)
local list = {#found > most and 1 or 0}
for n = 1, math.min(#found, most) do
  list[#list + 1] = string.sub(found[n], string.find(found[n], '\0', 1, true) + 1)
end
return list
