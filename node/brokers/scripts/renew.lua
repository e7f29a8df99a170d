-- Renews the lease of an incarnation, and adjusts the chat's time (now_ms).
-- PARTS head wall clock room nick
-- ARGV  incarnation, ms of the lease, format of the data, birth for the room `general`, probe to be
--       published to the incarnation's own channel, facts about the node (JSON), notices, cap,
--       the chat's time by the node's own clock, at least and at most (0: unknown), 1 if it is certain
--       that the clock of Redis was set forwards
-- Returns {'ok', changes to its sessions, time, id of the newest change to the moderation rules, number of
-- its sessions, when all nicks were found to be lost (0: they are not), doubt, ms by which the clock of
-- Redis was found to be set, end of the lease before this one ('' if there was none)}; with 'new' and 0
-- instead if the lease was unknown, as at the start or after Redis lost it; {'dead'} if the incarnation
-- has been reaped; {'format', the data's format}.
-- The doubt is what the time would be by the clock of Redis, if either that was set forwards or Redis hung:
-- the node can tell which, from how long the reply took. Otherwise it is 0.
local inc = ARGV[1]
though_full()
redis.call('SET', 'chat:{c}:format', ARGV[3], 'NX')
local format = redis.call('GET', 'chat:{c}:format')
if format ~= ARGV[3] then return {'format', format} end
if redis.call('EXISTS', 'chat:{c}:dead:' .. inc) == 1 then return {'dead'} end

-- How late a call may be without looking like a step of the clock.
local STEP_MS = 1000

-- Sets `time`; returns the doubt, and by how many ms the clock of Redis was set.
local function see_clock(least, most, certain)
  now_ms()
  local raw = wall_ms() + shift
  local late = raw > most + STEP_MS
  if seen and raw >= seen and raw <= seen + CLOCK_SLACK and (most < seen or not late) then
    -- Another node renewed its lease just before. A node that believes it is earlier has slept.
    time = raw
  elseif seen and raw < seen then
    time = math.max(seen, least)
  elseif least > 0 and raw < least - CLOCK_SLACK then
    -- Redis has lost what it knew about its clock.
    time = math.max(seen or 0, least)
  elseif not late or not (seen or most > 0) then
    time = raw
  elseif certain then
    time = math.max(seen or 0, least)
  else
    time = math.min(raw, (seen or most) + CLOCK_SLACK)
    return raw, 0
  end
  shift = shift + time - raw
  redis.call('HSET', 'chat:{c}:clock', 'seen', int(time), 'shift', int(shift))
  return 0, raw - time
end

local doubt, step = see_clock(tonumber(ARGV[9] or 0), tonumber(ARGV[10] or 0), ARGV[11] == '1')
local before = redis.call('ZSCORE', 'chat:{c}:nodes', inc)
redis.call('ZADD', 'chat:{c}:nodes', int(latest_ms() + tonumber(ARGV[2])), inc)
local lost = nicks_lost()
-- Rooms that were lost are put back with their sessions.
if not lost then make_room('general', ARGV[4]) end
local about = 'chat:{c}:about:' .. inc
redis.call('HSETNX', about, 'since', int(wall_ms()))
redis.call('HSET', about, 'facts', ARGV[6], 'notices', ARGV[7], 'kept', ARGV[8])
redis.call('PEXPIRE', about, ARGV[2] + 86400000)
redis.call('SPUBLISH', 'chat:{c}:node:' .. inc, 'probe ' .. ARGV[5])
local changes = tonumber(redis.call('HGET', 'chat:{c}:ops', inc) or 0)
local ordered = redis.call('GET', 'chat:{c}:ordered') or ''
local here = redis.call('SCARD', 'chat:{c}:at:' .. inc)
return {
  before and 'ok' or 'new', changes, int(now_ms()), ordered, here,
  lost or 0, int(doubt), int(step), before or '',
}
