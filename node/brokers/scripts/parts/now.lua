-- Settles at once, in a call about a session, what it decides about rooms.
-- PARTS head clock rules settle

local newest_gen = 0

-- A number that grows with each change of a session that rooms have to know, also if Redis goes back, and if
-- a session ends in this call and begins anew.
local function next_gen(last)
  newest_gen = math.max(tonumber(last or 0) + 1, wall_ms() * 1000, newest_gen + 1)
  return newest_gen
end

-- Settles one item; `set` has notices and cap. Returns its reply, the frame, and the birth of the room; or nil.
local function settle_now(room, birth, item, set)
  local how = {make = set.make or item.id, again = set.again, notices = set.notices, cap = set.cap}
  for _ = 1, 4 do
    local status, found, frame = settle(room, birth, how, {item})
    if status == 'other' then
      -- Redis has lost one of both: what the room has counts, unless that was closed.
      if item.want ~= 'in' or rule_of('room:' .. room) == found then return nil end
      redis.call('HSET', 'chat:{c}:births', room, found)
      redis.call('HSET', 'chat:{c}:rooms:' .. item.sid, room, found)
      birth = found
    elseif found[1][1] == 'ahead' then
      item.gen = next_gen(found[1][2])
      redis.call('HSET', 'chat:{c}:session:' .. item.sid, 'gen', int(item.gen))
    elseif found[1][1] == 'held' then
      local _, sid, life, gen = unpack(found[1])
      local other = {sid = sid, life = life, gen = tonumber(gen), want = 'lost', id = item.id .. 'v', why = ''}
      settle(room, birth, how, {other})
    else
      if how.missing and tonumber(redis.call('HGET', 'chat:{c}:counts', room) or 0) > 1 then
        -- Redis has lost the room: each node notices that its members are missing, and puts them back.
        redis.call('HSET', key_of('r:' .. room), 'bare', int(wall_ms()))
      end
      return found[1], frame, birth
    end
  end
end
