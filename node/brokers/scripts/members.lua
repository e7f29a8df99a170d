-- Lists a room's members by code points of their folded nicks.
-- PARTS head
-- ARGV  room, folded nick after which to begin (''), most members
-- Returns {more (0, 1), nick, nick...}
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2] .. '\1'
local most = tonumber(ARGV[3])
local members = key_of('r:' .. ARGV[1]) .. ':members'
local found = redis.call('ZRANGEBYLEX', members, from, '+', 'LIMIT', 0, most + 1)
local list = {#found > most and 1 or 0}
for n = 1, math.min(#found, most) do
  list[#list + 1] = string.sub(found[n], string.find(found[n], '\0', 1, true) + 1)
end
return list
