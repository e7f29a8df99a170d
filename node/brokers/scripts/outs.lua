-- Lists what rooms are still to be told: departures of sessions, and rooms whose data are to be deleted.
-- PARTS head clock outs
-- ARGV  ms for which it has been waiting at least, most sessions and rooms, how many of them to pass over;
--       or '' and a session
-- Returns {{departures...}, {room, birth, mark, room, birth, mark...}, 1 if there are more, else 0, how many
-- sessions and rooms wait in all, for how many ms the first of them has been waiting}; the mark is for
-- dropped.lua. The last two are not there for one session.
-- No further session is listed once there are so many departures.
local MOST = 500
local list, drops, more = {}, {}, 0
local waiting, oldest
local due = {ARGV[2]}
if ARGV[1] ~= '' then
  local till = int(now_ms() - ARGV[1])
  due = redis.call('ZRANGEBYSCORE', 'chat:{c}:outs', '-inf', till, 'LIMIT', ARGV[3], ARGV[2])
  if #due == tonumber(ARGV[2]) then more = 1 end
  local first = redis.call('ZRANGEBYSCORE', 'chat:{c}:outs', '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  waiting = redis.call('ZCOUNT', 'chat:{c}:outs', '-inf', int(now_ms()))
  oldest = int(math.max(0, now_ms() - (first or now_ms())))
end
for _, sid in ipairs(due) do
  if #list >= MOST then
    more = 1
    break
  end
  local room, birth = string.match(sid, '^[-+](%S+) (%S+)$')
  if room then
    for _, part in ipairs({room, birth, sid}) do drops[#drops + 1] = part end
  else
    local found = departures(sid)
    -- Redis has lost the notes, but not that there are some.
    if #found == 0 then
      redis.call('ZREM', 'chat:{c}:outs', sid)
      free_names(sid, '')
    end
    for _, departure in ipairs(found) do list[#list + 1] = departure end
  end
end
return {list, drops, more, waiting, oldest}
