-- Returns where a message is stored, so that a repeat gets the first answer whatever else is wrong, and head
-- and body of its entry if that is retained; nothing if the message was not sent before.
-- PARTS sent
-- ARGV  session, token
local before = sent_before(ARGV[1], ARGV[2])
return before and with_entry(before) or {}
