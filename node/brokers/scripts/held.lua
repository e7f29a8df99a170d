-- Lists the sessions whose connection is at an incarnation.
-- ARGV  incarnation
-- Returns session, owner, session, owner...
local list = {}
for _, sid in ipairs(redis.call('SMEMBERS', 'chat:at:' .. ARGV[1])) do
  local owner = redis.call('HGET', 'chat:session:' .. sid, 'owner')
  if owner and owner ~= '' and node_of(owner) == ARGV[1] then
    list[#list + 1] = sid
    list[#list + 1] = owner
  end
end
return list
