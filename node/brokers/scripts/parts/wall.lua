-- The clock that is shown to people: Unix time by the clock of Redis, which may be set, forwards and
-- backwards. No key is touched.
local wall

local function wall_ms()
  if not wall then
    local now = redis.call('TIME')
    wall = now[1] * 1000 + math.floor(now[2] / 1000)
  end
  return wall
end
