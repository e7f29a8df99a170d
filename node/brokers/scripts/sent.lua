-- Returns where a message is stored, so that a repeat gets the first answer whatever else is wrong; '' if it
-- was not sent before.
-- ARGV  session, token
return sent_before(ARGV[1], ARGV[2]) or ''
