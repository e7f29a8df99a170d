-- Appends a batch of messages to a room's log and publishes it, if the log still is the one that the
-- node knows.
-- KEYS  the log's hash, its stream
-- ARGV  room, cap, epoch, top and id that the node saw last ('' if none), '' or, if this is a repeat
--       of messages without ids, the EPOCH-OFFSET behind which they are if they are there at all,
--       then for each message: id, session, owner, token ('' if it has no id), body
-- Returns {'ok', epoch, at, id of the entry before the first new one, results...}: per message its
-- offset; 0 if its session has moved on; for one that was sent before, what is remembered of it; or,
-- if the node may not have its entry yet, {what is remembered, offset, head, body}.
-- Or {'looked', epoch, offset up to which such messages were looked for, results...}, '' for one that
-- is not among them: to be called again from there.
-- Or {'rewound'}: the log is not one that continues what the node saw, or its entries are gone.
local LOOK = 50
local room, cap = ARGV[1], tonumber(ARGV[2])
local log = 'r:' .. room
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id')
if not meta[1] then
  -- If its hash alone is gone, it is made again by what the node knows; then it is as it was.
  if ARGV[3] ~= '' then mend(log, ARGV[3]) end
  return {'rewound'}
end
if ARGV[3] ~= '' then
  local seen, top = tonumber(ARGV[4]), tonumber(meta[2])
  if ARGV[3] ~= meta[1] or seen > top then return {'rewound'} end
  local id = meta[3]
  if seen < top then id = id_at(log, seen) or ARGV[5] end
  if id ~= ARGV[5] then return {'rewound'} end
  if redis.call('EXISTS', KEYS[2]) == 0 and waits_for_entries(log) then return {'rewound'} end
end
-- What is said of a message that is in the log already: its entry too, unless the node has seen it.
local function told_again(remembered)
  local its, place, offset, id = string.match(remembered, '^%d+ (%S+) (%w+)%-(%d+)%-(%w+)')
  if its ~= log or place ~= meta[1] or tonumber(offset) <= tonumber(ARGV[4]) then return remembered end
  local entry = redis.call('XRANGE', KEYS[2], offset .. '-0', offset .. '-0')[1]
  if not entry or id_of(entry) ~= id or not entry[2][4] then return remembered end
  return {remembered, tonumber(offset), entry[2][2], entry[2][4]}
end

local kept = {}
if ARGV[6] ~= '' and ARGV[6] ~= '0' then
  -- A message without an id of its own is known by the entry's: it may be in the log already.
  local its, from = string.match(ARGV[6], '^(%w*)%-(%d+)$')
  from = its == meta[1] and tonumber(from) or 0
  local rows = redis.call('XRANGE', KEYS[2], int(from + 1) .. '-0', '+', 'COUNT', LOOK)
  for _, row in ipairs(rows) do
    local id, at = id_of(row), string.match(row[2][2], '^%S+ %S+ (%d+)') or '0'
    from = tonumber(string.match(row[1], '^%d+'))
    kept[id] = at .. ' ' .. log .. ' ' .. meta[1] .. '-' .. int(from) .. '-' .. id
  end
  if #rows == LOOK and from < tonumber(meta[2]) then
    local found = {}
    for n = 7, #ARGV, 5 do
      local known = kept[ARGV[n]]
      found[#found + 1] = known and told_again(known) or ''
    end
    return {'looked', meta[1], from, unpack(found)}
  end
end
local at = wall_ms()
local owners, entries, results, places = {}, {}, {}, {}
local first = tonumber(meta[2]) + 1
local tokens = {}
for n = 7, #ARGV, 5 do
  local id, sid, owner, token, body = ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
  local origin = token ~= '' and sid .. ':' .. token
  local first_copy = origin and tokens[origin]
  local before = kept[id] or (origin and not first_copy and sent_before(sid, token))
  if owners[sid] == nil then owners[sid] = redis.call('HGET', 'chat:session:' .. sid, 'owner') end
  if first_copy then
    results[#results + 1] = first_copy
  elseif before then
    results[#results + 1] = told_again(before)
  elseif owners[sid] ~= owner then
    results[#results + 1] = 0
  else
    entries[#entries + 1] = {'m', id, origin or '-', body, int(at)}
    local offset = first + #entries - 1
    results[#results + 1] = offset
    if origin then
      local position = meta[1] .. '-' .. int(offset) .. '-' .. id
      remember(sid, token, int(at), log, position)
      tokens[origin] = int(at) .. ' ' .. log .. ' ' .. position
      places[sid] = true
    end
  end
end
if #entries > 0 then
  append(log, room_channel(room), cap, entries)
  for sid in pairs(places) do forget_old(sid) end
end
return {'ok', meta[1], int(at), meta[3], unpack(results)}
