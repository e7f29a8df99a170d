-- Ends a connection's ownership of a session: 'quit' and 'kicked' end the session; 'lost' begins its grace
-- period, or ends it if it was begun without a key. If Redis has gone back to before that, 'over' ends it, and
-- 'stray' is as 'lost'; logs of rooms may say it already.
-- PARTS head clock session room outs finish
-- ARGV  op, session, owner, 'quit', 'kicked', 'lost', 'over' or 'stray', ms of grace
-- Returns {departures of the session that rooms have to be told, changes}; nothing happens if it has another
-- owner.
local op, sid, owner, reason = unpack(ARGV, 1, 4)
local key = 'chat:{c}:session:' .. sid
if not owns(sid, owner) then
  -- If Redis has evicted the session alone, nobody else would let go of what it has besides.
  if redis.call('EXISTS', key) == 0 and redis.call('SISMEMBER', 'chat:{c}:at:' .. node_of(owner), sid) == 1 then
    though_full()
    local rooms = rooms_of(sid)
    for n = 1, #rooms, 2 do note_out(sid, rooms[n]) end
    redis.call('SREM', 'chat:{c}:at:' .. node_of(owner), sid)
  end
  -- This may be a repeat: what it has ended is still to be told.
  return {departures(sid), 0}
end
though_full()
local grace = tonumber(ARGV[5])
local ends = reason == 'quit' or reason == 'kicked' or reason == 'over'
if reason == 'over' or reason == 'stray' then reason = 'unsaid' end
if ends or redis.call('HGET', key, 'keyed') == '0' or grace == 0 then
  finish(sid, reason, op)
else
  redis.call('HSET', key, 'owner', '', 'was', owner)
  redis.call('SREM', 'chat:{c}:at:' .. node_of(owner), sid)
  redis.call('ZADD', 'chat:{c}:grace', int(latest_ms() + grace), sid)
end
return {departures(sid), changed(node_of(owner))}
