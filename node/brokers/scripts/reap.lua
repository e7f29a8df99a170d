-- Ends what is over: leases, sessions whose grace period has passed, rooms that nobody uses. Rooms are told
-- later (parts/outs.lua), and the data of unused rooms deleted then.
-- The node that calls it must have been connected to Redis for as long as a lease, so that other nodes had
-- the time to renew theirs. Only what was over at the time of the call is ended: Redis may have hung since,
-- and all leases may be over by now.
-- PARTS head clock work room outs finish
-- ARGV  op, ms of grace, ms that a room lives with nobody in it, most at a time, the time of the call
-- It stops once it has done ENOUGH (parts/work.lua), and returns that there is more.
-- Returns {sessions left without a node, sessions ended, rooms ended, 1 if there is more to do}.
local op, grace, idle, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = math.min(now_ms(), tonumber(ARGV[5]))
though_full()
local orphans, ended, closed, more = 0, 0, 0, 0
local leases = redis.call('ZRANGEBYSCORE', 'chat:{c}:nodes', '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
if leases[1] then
  local inc, over = leases[1], tonumber(leases[2])
  local changes = redis.call('HGET', 'chat:{c}:ops', inc)
  redis.call('SET', 'chat:{c}:dead:' .. inc, changes and changes .. ' changes' or '?', 'EX', 86400)
  more = 1
  for n = 1, most do
    -- One by one: a session that was popped has to be handled in this call.
    local sid = work < ENOUGH and redis.call('SPOP', 'chat:{c}:at:' .. inc, 1)[1]
    if not sid then break end
    work = work + 0.5
    local key = 'chat:{c}:session:' .. sid
    local session = redis.call('HMGET', key, 'owner', 'keyed')
    if session[1] and session[1] ~= '' and node_of(session[1]) == inc then
      orphans = orphans + 1
      if session[2] == '0' then
        finish(sid, 'lost', op .. 'o' .. n .. 'x')
      else
        redis.call('HSET', key, 'owner', '', 'was', session[1])
        redis.call('ZADD', 'chat:{c}:grace', int(over + grace), sid)
      end
    end
  end
  if redis.call('SCARD', 'chat:{c}:at:' .. inc) == 0 then
    redis.call('ZREM', 'chat:{c}:nodes', inc)
    redis.call('HDEL', 'chat:{c}:ops', inc)
  end
end
local due = redis.call('ZRANGEBYSCORE', 'chat:{c}:grace', '-inf', now, 'LIMIT', 0, most)
for n, sid in ipairs(due) do
  if work >= ENOUGH then break end
  ended = ended + 1
  finish(sid, 'lost', op .. 'g' .. n .. 'x')
  redis.call('ZREM', 'chat:{c}:grace', sid)
end
local unused = redis.call('ZRANGEBYSCORE', 'chat:{c}:idle', '-inf', now - idle, 'LIMIT', 0, most)
for _, room in ipairs(unused) do
  if work >= ENOUGH then break end
  redis.call('ZREM', 'chat:{c}:idle', room)
  if room ~= 'general' and tonumber(redis.call('HGET', 'chat:{c}:counts', room) or 0) <= 0 then
    closed, work = closed + 1, work + 1
    local birth = redis.call('HGET', 'chat:{c}:births', room)
    remove_room(room)
    if birth then note_drop(room, birth) end
  end
end
if work >= ENOUGH or #due == most or closed == most then more = 1 end
return {orphans, ended, closed, more}
