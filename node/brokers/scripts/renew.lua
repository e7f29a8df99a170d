-- Renews the lease of an incarnation.
-- ARGV  incarnation, ms of the lease, format of the data, epoch for the room `general`, probe to be
--       published to the incarnation's own channel, facts about the node (JSON), notices, cap
-- Returns {'ok', changes to its sessions, time, id of the newest order of moderators, number of
-- sessions that are there}; 'new' and 0 instead: it was not known, as at its start or after Redis
-- forgot it; {'dead'}: it has been reaped; {'format', the data's format}.
local inc = ARGV[1]
redis.call('SET', 'chat:format', ARGV[3], 'NX')
local format = redis.call('GET', 'chat:format')
if format ~= ARGV[3] then return {'format', format} end
if redis.call('EXISTS', 'chat:dead:' .. inc) == 1 then return {'dead'} end
local new = redis.call('ZADD', 'chat:nodes', int(now_ms() + tonumber(ARGV[2])), inc)
make_room('general', ARGV[4])
local about = 'chat:about:' .. inc
redis.call('HSETNX', about, 'since', int(now_ms()))
redis.call('HSET', about, 'facts', ARGV[6], 'notices', ARGV[7], 'kept', ARGV[8])
redis.call('PEXPIRE', about, ARGV[2] + 60000)
redis.call('PUBLISH', 'chat:node:' .. inc, 'probe ' .. ARGV[5])
local changes = tonumber(redis.call('HGET', 'chat:ops', inc) or 0)
local ordered = redis.call('GET', 'chat:ordered') or ''
local here = redis.call('SCARD', 'chat:at:' .. inc)
return {new == 1 and 'new' or 'ok', changes, int(now_ms()), ordered, here}
