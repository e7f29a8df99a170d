-- The work of calls that may end many sessions and rooms.
-- PARTS head

-- What was done: each room that was left, each session, and fifty deleted entries count 1. Each takes
-- about twelve commands, or forty microseconds. A script that may have to end many stops at ENOUGH, and is
-- called again; its last session may have 50 rooms more.
local work, ENOUGH, ENTRIES = 0, 50, 50

-- Deletes a log.
local function drop_log(log)
  local key = key_of(log)
  redis.call('DEL', key, key .. ':log', key .. ':moved')
end
