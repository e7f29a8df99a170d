-- Appends a batch of messages to a room's log and publishes it, if the log still is the one that the
-- node knows.
-- PARTS head wall log mend append repeats said
-- KEYS hash stream moved seats sents sent never
-- ARGV  room, cap, the chat's time as far as the node knows it, at least (0: unknown), epoch, top and
--       id that the node saw last ('' if none), '' or, if this is a repeat of messages without tokens,
--       the EPOCH-OFFSET behind which they are if they were appended, then for each message: id,
--       session, owner, token ('' if the client gave it no id), body
-- Returns {'ok', epoch, at, id of the entry before the first new one, results...}, for each message: its
-- offset; 0 if its session has another owner; if it was sent before, {where it is stored, head, body}, or
-- only where it is stored, if it is not retained there or the reply would be too long.
-- Or {'looked', epoch, offset up to which such messages were looked for, results...}, '' for one that was
-- not found: to be called again from there.
-- Or {'rewound'}: the log does not continue what the node saw, or its entries are lost.
local LOOK = 50
-- For so long messages wait for nodes to put back the lost entries of a log: two head polls.
local HOLLOW_MS = 4000
-- Bytes of bodies in a reply: two pages of a log.
local REPLY_BYTES = 524288
local FIRST = 8
local room, cap, least = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local known, last, last_id, behind = unpack(ARGV, 4, 7)
local log = 'r:' .. room
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'top', 'id', 'branch')
if not meta[1] then
  -- If only its hash is lost, it is repaired with what the node knows.
  if known ~= '' then mend(log, known) end
  return {'rewound'}
end
if known ~= '' then
  local top = tonumber(meta[2])
  last = tonumber(last)
  if known ~= meta[1] or last > top then return {'rewound'} end
  local id = meta[3]
  if last < top then id = id_at(log, last) or last_id end
  if id ~= last_id then return {'rewound'} end
  if redis.call('EXISTS', KEYS[2]) == 0 then
    -- Messages wait if the entries are lost and a node may remember them: an entry that is appended before
    -- would hide the loss.
    if is_hollow(log) then
      if least == 0 then return {'rewound'} end
      local since = tonumber(redis.call('HGET', KEYS[1], 'hollow') or least)
      -- It may be a time that was never reached, if Redis has lost how its clock was set.
      if since > least + HOLLOW_MS then since = least end
      redis.call('HSET', KEYS[1], 'hollow', int(since))
      if least < since + HOLLOW_MS then return {'rewound'} end
    else
      redis.call('HDEL', KEYS[1], 'hollow')
    end
  end
end
-- The result for a message that is in the log already; with its entry, because the node may not have that:
-- what it saw last may be an entry of its own, and the frames before that still to come. Messages that are
-- repeated as they were fit into the call; only others with their ids are longer.
local spare = REPLY_BYTES
local function repeated(remembered)
  if spare < 0 or string.match(remembered, '^%S+ %S+ (%w+)%-') ~= meta[1] then return remembered end
  local found = with_entry(remembered)
  if not found[2] then return remembered end
  spare = spare - #found[3]
  return found
end

local stored = {}
if behind ~= '' and behind ~= '0' then
  -- A message without a token is recognized by the id of its entry: it may be in the log already.
  local its, from = string.match(behind, '^(%w*)%-(%d+)$')
  from = its == meta[1] and tonumber(from) or 0
  local rows = redis.call('XRANGE', KEYS[2], int(from + 1) .. '-0', '+', 'COUNT', LOOK)
  for _, row in ipairs(rows) do
    local id, at = id_of(row), string.match(row[2][2], '^%S+ %S+ (%d+)') or '0'
    from = tonumber(string.match(row[1], '^%d+'))
    stored[id] = at .. ' ' .. log .. ' ' .. meta[1] .. '-' .. int(from) .. '-' .. id
  end
  if #rows == LOOK and from < tonumber(meta[2]) then
    local found = {}
    for n = FIRST, #ARGV, 5 do
      local before = stored[ARGV[n]]
      found[#found + 1] = before and repeated(before) or ''
    end
    return {'looked', meta[1], from, unpack(found)}
  end
end
local at = int(wall_ms())
local owners, entries, results, untended = {}, {}, {}, {}
-- Only the connection that owns a session's seat may speak; see parts/settle.lua.
local function owner_of(seat) return seat and string.match(seat, '^%S+ %S+ (%S+)') or false end
local first = tonumber(meta[2]) + 1
local tokens, sent, mark = {}, KEYS[1] .. ':sent:', tended_mark(least, first)
for n = FIRST, #ARGV, 5 do
  local id, sid, owner, token, body = ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
  local origin = token ~= '' and sid .. ':' .. token
  local first_copy = origin and tokens[origin]
  local before, tended = stored[id], nil
  if origin and not first_copy and not before then
    before, tended = said_before(sent .. sid, log, token, least)
  end
  if owners[sid] == nil then owners[sid] = owner_of(redis.call('HGET', KEYS[4], sid)) end
  if first_copy then
    results[#results + 1] = at .. ' ' .. log .. ' ' .. first_copy
  elseif before then
    results[#results + 1] = repeated(before)
  elseif owners[sid] ~= owner then
    results[#results + 1] = 0
  else
    local offset = first + #entries
    local place = int(offset)
    entries[#entries + 1] = {'m', id, origin or '-', body, at, nil, place}
    results[#results + 1] = offset
    if origin then
      local position = meta[1] .. '-' .. place .. '-' .. id
      local value = at .. ' ' .. position .. ' ' .. ARGV[3]
      if tended and tonumber(tended) == mark then
        redis.call('HSET', sent .. sid, token, value)
      else
        redis.call('HSET', sent .. sid, token, value, '', int(mark))
        untended[sid] = tended
      end
      tokens[origin] = position
    end
  end
end
if #entries > 0 then
  write(log, KEYS[1] .. ':live', cap, entries, meta)
  if next(untended) then tend_said(log, untended, least) end
end
return {'ok', meta[1], at, meta[3], unpack(results)}
