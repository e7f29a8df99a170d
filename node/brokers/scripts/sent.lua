-- Says what is remembered of a message: a repeat gets its first answer, whatever else is wrong.
-- ARGV  session, token
return sent_before(ARGV[1], ARGV[2]) or ''
