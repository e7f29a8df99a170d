-- Shortens deadlines that are further ahead than their length, and forgets ids of directs that are too old
-- to be repeated.
-- PARTS head clock repeats sent
-- ARGV  ms of a lease, ms of grace, the time of the call, most of each kind at a time
-- Returns 1 if there is more to do, else 0.
local lease, grace, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local now, latest, more = now_ms(), latest_ms(), 0
though_full()

-- Deadlines are too late if they were stored while the clock of Redis was set forwards, unnoticed.
local function clamp(key, last)
  local late = redis.call('ZRANGEBYSCORE', key, int(last + 1), '+inf', 'LIMIT', 0, most)
  for _, member in ipairs(late) do redis.call('ZADD', key, int(last), member) end
  if #late == most then more = 1 end
end

clamp('chat:{c}:nodes', latest + lease)
clamp('chat:{c}:grace', latest + grace)
clamp('chat:{c}:idle', latest)

local call = int(math.min(now, tonumber(ARGV[3])))
local due = redis.call('ZRANGEBYSCORE', 'chat:{c}:sents', '-inf', call, 'LIMIT', 0, most)
for _, sid in ipairs(due) do
  local key = 'chat:{c}:sent:' .. sid
  local newest = redis.call('HGET', key, '')
  local till = newest and remembered_at(newest) + REPEAT_MS
  if till and till > now then
    keep_sent(sid, till)
  else
    redis.call('ZREM', 'chat:{c}:sents', sid)
    -- An older node may have added ids since, and does not store when.
    redis.call('HDEL', key, '')
    redis.call('PEXPIRE', key, REPEAT_MS)
  end
end
if #due == most then more = 1 end
return more
