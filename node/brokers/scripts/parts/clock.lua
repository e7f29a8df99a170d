-- The chat's time, which is used for deadlines: it proceeds evenly, because nodes adjust it when they renew
-- their leases (renew.lua). Between two renewals it never goes back, and at most CLOCK_SLACK ahead: too
-- little to end anything too early. It is read from a key of sessions, so a script about a room gets it
-- from its node.
-- PARTS wall
local CLOCK_SLACK = 3000

local time, seen, shift

local function now_ms()
  if not time then
    local clock = redis.call('HMGET', 'chat:{c}:clock', 'seen', 'shift')
    seen, shift = tonumber(clock[1] or ''), tonumber(clock[2] or '') or 0
    time = wall_ms() + shift
    if seen then time = math.max(seen, math.min(time, seen + CLOCK_SLACK)) end
  end
  return time
end

-- The latest that the chat's time may be. While no node has adjusted it, as after an outage of Redis,
-- `time` stands still: a deadline counted from it would come too soon. Counted from here it may come too
-- late, and then tidy.lua shortens it.
local function latest_ms()
  return math.max(now_ms(), wall_ms() + shift)
end
