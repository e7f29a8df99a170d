-- The two clocks. `wall` is shown to people: Unix time by the clock of Redis, which may be set, forwards and
-- backwards. `time` is used for deadlines, and proceeds evenly: nodes adjust it when they renew their
-- leases (renew.lua). Between two renewals it never goes back, and at most CLOCK_SLACK ahead: too little
-- to end anything too early.
local CLOCK_SLACK = 3000

local wall, time, seen, shift

local function read_clocks()
  local now, clock = redis.call('TIME'), redis.call('HMGET', 'chat:{c}:clock', 'seen', 'shift')
  wall = now[1] * 1000 + math.floor(now[2] / 1000)
  seen, shift = tonumber(clock[1] or ''), tonumber(clock[2] or '') or 0
  time = wall + shift
  if seen then time = math.max(seen, math.min(time, seen + CLOCK_SLACK)) end
end

local function wall_ms()
  if not wall then read_clocks() end
  return wall
end

local function now_ms()
  if not wall then read_clocks() end
  return time
end

-- The latest that the chat's time may be. While no node has adjusted it, as after an outage of Redis,
-- `time` stands still: a deadline counted from it would come too soon. Counted from here it may come too
-- late, and then tidy.lua shortens it.
local function latest_ms()
  return math.max(now_ms(), wall + shift)
end
