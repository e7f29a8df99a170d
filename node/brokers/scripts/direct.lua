-- Appends a direct message to the inbox of the session that has a nick, and publishes it to its node.
-- PARTS head log append repeats sent session
-- ARGV  id, session, owner, token (''), folded nick, body before and after the nick, cap
-- Returns {'ok', position, at, nick, id of the entry before it, log}; {'repeat', where it is stored, and
-- head and body of its entry if that is retained}; {'nobody'} or {'gone'}.
local id, sid, token = ARGV[1], ARGV[2], ARGV[4]
local before = token ~= '' and sent_before(sid, token)
if before then return {'repeat', unpack(with_entry(before))} end
if not owns(sid, ARGV[3]) then return {'gone'} end
local target = redis.call('HGET', 'chat:{c}:nicks', ARGV[5])
if not target then return {'nobody'} end
local found = redis.call('HMGET', 'chat:{c}:session:' .. target, 'nick', 'owner', 'fold')
-- A nick that only looks like the one that is meant is another one.
if found[3] ~= ARGV[5] then return {'nobody'} end
local log = 'i:' .. target
if token == '' then
  -- A message without a token is recognized by the id of its entry.
  local entries = redis.call('XREVRANGE', key_of(log) .. ':log', '+', '-', 'COUNT', 16)
  for _, entry in ipairs(entries) do
    if id_of(entry) == id then return {'ok', '', '', found[1], '', log} end
  end
end
local channel = found[2] ~= '' and 'chat:{c}:node:' .. node_of(found[2]) or nil
local origin = token ~= '' and sid .. ':' .. token or '-'
local body = ARGV[6] .. found[1] .. ARGV[7]
local prev = redis.call('HGET', key_of(log), 'id') or '0'
local epoch, first, stamp = append(log, channel, tonumber(ARGV[8]), {{'d', id, origin, body}}, id)
local position = epoch .. '-' .. int(first) .. '-' .. id
if token ~= '' then
  remember(sid, token, stamp, log, position, found[1])
  forget_sent(sid)
end
return {'ok', position, stamp, found[1], prev, log}
