-- Puts lost entries back into a log, each once, whichever node comes first.
-- ARGV  log, channel (''), cap, epoch that the node knows, offset and id up to which its log and
--       this one are the same, then for each entry after that: kind, id, at, origin, body, home,
--       and "HOME FORK" of an earlier loss ('')
-- Returns {'ok', number put back}, {'again'} if the log has changed meanwhile, or {'gone'} if a
-- moderator has closed the room that this was.
local LEAVE_AGAIN_MS = 5000
local log, channel, cap, epoch, base, base_id = unpack(ARGV, 1, 6)
local key = key_of(log)
base = tonumber(base)
local meta = redis.call('HMGET', key, 'epoch', 'top', 'id')
local sid = string.match(log, '^i:(.*)')
if not sid and order_of('room:' .. string.sub(log, 3)) == epoch then return {'gone'} end
-- An inbox ends with its session.
if sid and redis.call('EXISTS', 'chat:session:' .. sid) == 0 then return {'ok', 0} end
if not meta[1] or (meta[2] == '0' and meta[1] ~= epoch) then
  -- Redis forgot the whole log: it begins where the node's memory does.
  redis.call('HSET', key, 'epoch', epoch, 'top', int(base), 'id', base_id)
  redis.call('HDEL', key, 'cut')
  if not sid then
    local room = string.sub(log, 3)
    redis.call('ZADD', 'chat:rooms', 0, room)
    -- Perhaps it was ended because nobody used it: then it ends again.
    if redis.call('ZCARD', key .. ':members') == 0 then
      redis.call('ZADD', 'chat:idle', 'NX', int(now_ms()), room)
    end
  end
  meta = {epoch, int(base), base_id}
end
local fork = base + 1
if meta[1] ~= epoch then
  fork = 1
elseif base == tonumber(meta[2]) then
  if meta[3] ~= base_id then return {'again'} end
elseif base > tonumber(meta[2]) or (base > 0 and (id_at(log, base) or base_id) ~= base_id) then
  return {'again'}
end
local kept = {}
for _, row in ipairs(redis.call('XRANGE', key .. ':log', int(fork) .. '-0', '+')) do
  kept[string.match(row[2][2], '^%S+ (%S+)')] = true
end
-- What another node has put back in its own place already is common to both logs.
for n = 7, #ARGV, 7 do
  local place = epoch .. '-' .. int(fork)
  if meta[1] ~= epoch or ARGV[n + 5] ~= place or id_at(log, fork) ~= ARGV[n + 1] then break end
  fork = fork + 1
end
local lost, now = {}, now_ms()
for n = 7, #ARGV, 7 do
  local kind, id, at, origin, body, home, before = unpack(ARGV, n, n + 6)
  if not kept[id] then lost[#lost + 1] = {kind, id, origin, body, at, home, int(fork), before} end
end
if #lost == 0 then return {'ok', 0} end

-- A `left` that was forgotten: Redis believes that the session is still there, and would let it
-- leave once more. One that has gone on since, or that its node has put back, has another hold.
local function leave_again(place, sid, hold)
  local nick, reason = string.match(lost[place][4], '^"nick":"([^"]*)","reason":"(%a+)"')
  for n = place + 1, #lost do
    if lost[n][1] == 'e' and string.match(lost[n][4], '^"nick":"([^"]*)"') == nick then return end
  end
  local session = redis.call('HMGET', 'chat:session:' .. sid, 'nick', 'fold')
  if not session[1] or last_hold(sid) ~= hold then return end
  unseat(sid, session[1], session[2], string.sub(log, 3))
  if reason == 'left' then return end
  redis.call('HSET', 'chat:session:' .. sid, 'owner', '', 'was', hold)
  redis.call('SREM', 'chat:at:' .. node_of(hold), sid)
  -- It ends when its other rooms have been put back.
  redis.call('ZADD', 'chat:grace', int(now + LEAVE_AGAIN_MS), sid)
end

local _, first
epoch, first = append(log, channel ~= '' and channel, tonumber(cap), lost, epoch)
for n, entry in ipairs(lost) do
  if entry[1] == 'l' then
    local who, hold = string.match(entry[3], '^([^/]+)/(.+)$')
    if who then leave_again(n, who, hold) end
  end
  local sid, token = string.match(entry[3], '^([^:]+):(.+)$')
  if sid and tonumber(entry[5]) + REPEAT_MS > now then
    local position = epoch .. '-' .. int(first + n - 1) .. '-' .. entry[2]
    remember(sid, token, entry[5], log, position, string.match(entry[4], '^"from":"[^"]*","to":"([^"]*)"'))
    forget_old(sid)
  end
end
return {'ok', #lost}
