-- Lists the fencing tokens of the sessions at an incarnation, some hundred at a time.
-- PARTS head
-- ARGV  incarnation, cursor ('0' to begin with), about how many
-- Returns {cursor for the next page ('0': none), session, owner, session, owner...}; a session may come
-- twice. The owner is '' if Redis has lost the session.
local found = redis.call('SSCAN', 'chat:{c}:at:' .. ARGV[1], ARGV[2] or '0', 'COUNT', ARGV[3] or 250)
local list = {found[1]}
for _, sid in ipairs(found[2]) do
  local owner = redis.call('HGET', 'chat:{c}:session:' .. sid, 'owner')
  if not owner or (owner ~= '' and node_of(owner) == ARGV[1]) then
    list[#list + 1] = sid
    list[#list + 1] = owner or ''
  end
end
return list
