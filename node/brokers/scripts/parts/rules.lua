-- Moderation rules: bans, kicked sessions and closed rooms.
-- PARTS clock

-- EXTRA and WHY of a moderation rule that is in force, or nil.
local function rule_of(field)
  local found = redis.call('HGET', 'chat:{c}:orders', field)
  if not found then return nil end
  local till, extra, why = string.match(found, '^(%d+) (%S+) (.*)$')
  if not till then return nil end
  if till ~= '0' and tonumber(till) <= now_ms() then return nil end
  return extra, why
end

-- Whether a nick is banned, or one that it looks like; `names` are the keys that it reserves.
local function is_banned(names)
  for name in string.gmatch(names, '[^ ]+') do
    if rule_of('nick:' .. name) then return true end
  end
  return false
end
