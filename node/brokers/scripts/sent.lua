-- Returns where a message is stored, so that a repeat gets the first answer whatever else is wrong, and head
-- and body of its entry if that is retained; nothing if the message was not sent before.
-- PARTS head repeats said sent
-- KEYS stream sent never
-- ARGV  log of the room ('' for a direct: then the keys are those of sessions), session, token, the
--       chat's time as far as the node knows it, at least (0: unknown)
local log, sid, token, least = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local before
if log ~= '' then
  before = said_before(key_of(log) .. ':sent:' .. sid, log, token, least)
else
  before = sent_before(sid, token)
end
return before and with_entry(before) or {}
