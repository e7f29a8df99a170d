-- Lists what rooms are still to be told: departures of sessions, and rooms whose data are to be deleted.
-- PARTS head clock outs
-- ARGV  ms for which it has been waiting at least, most sessions, or '' and a session
-- Returns {{departures...}, {room, birth, mark, room, birth, mark...}}; the mark is for dropped.lua.
local list, drops = {}, {}
local due = {ARGV[2]}
if ARGV[1] ~= '' then
  due = redis.call('ZRANGEBYSCORE', 'chat:{c}:outs', '-inf', int(now_ms() - ARGV[1]), 'LIMIT', 0, ARGV[2])
end
for _, sid in ipairs(due) do
  local room, birth = string.match(sid, '^[-+](%S+) (%S+)$')
  if room then
    for _, part in ipairs({room, birth, sid}) do drops[#drops + 1] = part end
  else
    local found = departures(sid)
    -- Redis has lost the notes, but not that there are some.
    if #found == 0 then redis.call('ZREM', 'chat:{c}:outs', sid) end
    for _, departure in ipairs(found) do list[#list + 1] = departure end
  end
end
return {list, drops}
