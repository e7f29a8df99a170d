-- Changes to the moderation rules: all nodes are told.
-- PARTS head clock

-- Tells all nodes that the moderation rules have changed; a node that misses it learns it with its next
-- renewal. A repeated call tells nothing. The change gets a number above `least`, if that is given.
local function announce_rules(id, least)
  local count, last = string.match(redis.call('GET', 'chat:{c}:ordered') or '', '^(%d+) (%S+)')
  if last == id then return end
  count = tonumber(count or 0)
  local newest = int(math.max(count, least or 0) + 1) .. ' ' .. id
  redis.call('SET', 'chat:{c}:ordered', newest)
  for _, inc in ipairs(redis.call('ZRANGE', 'chat:{c}:nodes', 0, -1)) do
    redis.call('SPUBLISH', 'chat:{c}:node:' .. inc, 'orders ' .. newest)
  end
end

-- Adds a moderation rule for so many ms, 0 for ever; `id` names the change. It counts from the latest
-- time: perhaps no node has renewed a lease for long.
local function add_rule(id, field, ms, extra, why)
  local till = ms == 0 and '0' or int(latest_ms() + ms)
  redis.call('HSET', 'chat:{c}:orders', field, till .. ' ' .. extra .. ' ' .. why)
  announce_rules(id)
end
