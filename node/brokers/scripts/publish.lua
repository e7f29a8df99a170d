-- Appends a batch of messages to a room's log and publishes it, if the log still is the one that the
-- node knows.
-- KEYS  the log's hash, its stream
-- ARGV  room, cap, epoch, top and id that the node saw last ('' if none), 1 if this is a repeat,
--       then for each message: id, session, owner, token ('' if it has no id), body
-- Returns {'ok', epoch, at, changes...}: per message its offset; 0 if its session has moved on; or,
-- for one that was sent before, what is remembered of it.
-- Or {'rewound'}: the log is not one that continues what the node saw.
local room, cap, again = ARGV[1], tonumber(ARGV[2]), ARGV[6] == '1'
local log = 'r:' .. room
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id')
if not meta[1] then return {'rewound'} end
if ARGV[3] ~= '' then
  local seen, top = tonumber(ARGV[4]), tonumber(meta[2])
  if ARGV[3] ~= meta[1] or seen > top then return {'rewound'} end
  local id = meta[3]
  if seen < top then id = id_at(log, seen) or ARGV[5] end
  if id ~= ARGV[5] then return {'rewound'} end
end
local kept = {}
if again then
  -- A message without an id of its own is known by the entry's: it may be in the log already.
  local entries = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 2000)
  for _, entry in ipairs(entries) do
    kept[string.match(entry[2][2], '^%S+ (%S+)')] = tonumber(string.match(entry[1], '^%d+'))
  end
end
local at = now_ms()
local owners, entries, results, places = {}, {}, {}, {}
local first = tonumber(meta[2]) + 1
local tokens = {}
for n = 7, #ARGV, 5 do
  local id, sid, owner, token, body = ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
  local before = token ~= '' and (tokens[sid .. ':' .. token] or sent_before(sid, token, at))
  if owners[sid] == nil then owners[sid] = redis.call('HGET', 'chat:session:' .. sid, 'owner') end
  if before then
    results[#results + 1] = before
  elseif kept[id] then
    results[#results + 1] = kept[id]
  elseif owners[sid] ~= owner then
    results[#results + 1] = 0
  else
    local origin = token ~= '' and sid .. ':' .. token or '-'
    entries[#entries + 1] = {'m', id, origin, body, int(at)}
    local offset = first + #entries - 1
    results[#results + 1] = offset
    if token ~= '' then
      local position = meta[1] .. '-' .. int(offset) .. '-' .. id
      remember(sid, token, int(at), log, position)
      tokens[sid .. ':' .. token] = int(at) .. ' ' .. log .. ' ' .. position
      places[sid] = true
    end
  end
end
if #entries > 0 then
  append(log, room_channel(room), cap, entries)
  for sid in pairs(places) do forget_old(sid) end
end
return {'ok', meta[1], int(at), unpack(results)}
