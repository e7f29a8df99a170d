-- Seats: a room's records that sessions are in it. Its list of members follows from them, and so does what
-- its log says of who enters, leaves and is renamed. Only keys of the room are touched.
-- PARTS head log mend missing page append wall seat

-- For so long the end of a seat is remembered: an older call must not seat the session once more. Micros.
local GONE_US = 300000000

-- Entries among which those are looked for that a call may have appended before: its own, and so many more.
local LOOKED_AT = 32

-- The session whose seat has a folded nick, and the seat. There are many seats, but this is asked only after
-- a loss, and they are read once in a call.
local holders

local function holder_of(key, fold)
  if not holders then
    holders = {}
    local all = redis.call('HGETALL', key .. ':seats')
    for n = 1, #all, 2 do
      local has = string.match(all[n + 1], '^%d+ %S+ %S+ %S+ (%S+) ')
      if has then holders[has] = all[n] end
    end
  end
  local seat = holders[fold] and seat_of(redis.call('HGET', key .. ':seats', holders[fold]))
  if seat and seat.fold == fold then return holders[fold], seat end
end

-- Brings the seats of sessions to what was decided about them. `set`: make (epoch for a log that is
-- missing), others (others are known to be in the room), unhealed (nodes may still put back entries), notices,
-- cap. Each of `items` has sid, gen, life, want ('in', or the reason for which it leaves), id (of the entry);
-- one that comes in has fold, nick, owner, position, and one that leaves may have why, a moderator's reason (a
-- JSON string). A position is that of a session that had a seat before Redis lost something: nothing is said
-- of it.
-- Returns 'ok', the reply to each item, and the frame that was appended or nil; or 'other' and the birth of
-- the room that is there. The reply to an item is one of
--   {'ok', position at which it joined, members, quiet, nick before, 1 if it had no seat};
--   {'ok', position, at} of the `left` of one that leaves, both '' if nothing was said;
--   {'ahead', gen}: the seat, or its end, has a later generation, and nothing was changed;
--   {'held', session, life, gen, nick}: another session has the nick in this room, so this one was not seated;
--   {'unhealed'}: what told of its coming in, or of its nick, may still be put back: it leaves after that.
local function settle(room, birth, set, items)
  local log, key = 'r:' .. room, key_of('r:' .. room)
  local function look()
    return redis.call('HMGET', key, 'epoch', 'top', 'id', 'branch', 'birth', 'size', 'bare', 'renames')
  end
  local meta, mended = look(), false
  if not meta[1] then
    mended = mend(log, nil, set.make)
    if mended then meta = look() end
  end
  if meta[1] and meta[5] and meta[5] ~= birth then return 'other', meta[5] end
  if not meta[1] then
    redis.call('HSET', key, 'epoch', set.make, 'top', 0, 'id', '0')
    -- Redis has lost the room: each node notices that its members are missing, and puts them back.
    if set.others then redis.call('HSET', key, 'bare', int(wall_ms())) end
    meta = {set.make, '0', '0', false, false, meta[6], false}
  end
  if not meta[5] then redis.call('HSET', key, 'birth', birth) end
  local seats, members = key .. ':seats', key .. ':members'
  local count, entries, replies = redis.call('HLEN', seats), {}, {}
  local before = count
  -- Only if seats were lost can an entry be there that the seats know nothing of.
  local bare = see_loss(key, count, meta[6]) or meta[7] or mended
  local first, text = 1, nil
  if tonumber(meta[6] or -1) == count then
    first, text = hand_over(seats, items, count, count > set.notices and 1 or 0, replies)
    -- Each call would make all functions below again.
    if first > #items then return 'ok', replies end
  end
  local at, top = int(wall_ms()), tonumber(meta[2])
  local recent

  -- The position of an entry that was appended before, and its time; nil if it was not, or long ago.
  local told = {}

  local function found(id)
    if not recent then
      recent = {}
      for _, entry in ipairs(page_of(log, 'XREVRANGE', '+', '-', LOOKED_AT + #items)) do
        recent[id_of(entry)] = entry
      end
    end
    if not recent[id] then return nil end
    local offset = string.match(recent[id][1], '^%d+')
    told[#told + 1] = tonumber(offset)
    told[offset] = recent[id][2]
    return meta[1] .. '-' .. offset .. '-' .. id, string.match(recent[id][2][2], '^%S+ %S+ (%d+)')
  end

  -- The frame of entries that an earlier call appended, whose reply was lost; nil if they are not in a row.
  local function told_frame()
    table.sort(told)
    local first = told[1]
    local prev = first == 1 and '0' or id_at(log, first - 1)
    if not prev then return nil end
    local branch = meta[4] and ' ' .. meta[4] or ''
    local frame = {'log ' .. log .. ' ' .. meta[1] .. ' ' .. int(first) .. ' ' .. prev .. branch}
    for n, offset in ipairs(told) do
      if offset ~= first + n - 1 then return nil end
      local fields = told[int(offset)]
      frame[#frame + 1] = fields[2]
      frame[#frame + 1] = fields[4]
    end
    return table.concat(frame, '\n')
  end

  -- Whether the newest entries tell that a session has left.
  local function was_told(item)
    local own = item.sid .. '/%d+/' .. item.life .. '/'
    for n = #entries, 1, -1 do
      if string.find(entries[n][3], '^' .. own) then return entries[n][1] == 'l' end
    end
    for _, entry in ipairs(redis.call('XREVRANGE', key .. ':log', '+', '-', 'COUNT', LOOKED_AT)) do
      local kind, origin = string.match(entry[2][2], '^(%a) %S+ %d+ (%S+)')
      if origin and string.find(origin, '^' .. own) then return kind == 'l' end
    end
    return false
  end

  -- Says something about a session; returns its position.
  local function say(kind, id, item, fold, body)
    local place = bare and found(id)
    if place then return place end
    local origin = item.sid .. '/' .. int(item.gen) .. '/' .. item.life .. '/' .. fold
    entries[#entries + 1] = {kind, id, origin, body, at}
    return meta[1] .. '-' .. int(top + #entries) .. '-' .. id
  end

  local noted = meta[8] and renames_of(meta[8])

  -- Forgets that the log does not tell the nick of a session.
  local function forget_rename(sid)
    if noted and noted.fold[sid] then noted.fold[sid], noted.changed = nil, true end
  end

  -- Says that a session has a nick. If the log still has that of another session, it first says which nick
  -- that one has by now.
  local function tell_nick(kind, item, nick, before)
    for _, sid in ipairs(noted and noted.sids[item.fold] or {}) do
      local is_noted = noted.fold[sid] == item.fold and sid ~= item.sid
      local other = is_noted and seat_of(redis.call('HGET', seats, sid))
      if other and other.said ~= other.nick then
        local from = other.said
        forget_rename(sid)
        other.sid, other.id, other.said = sid, item.id .. 'n' .. int(#entries), other.nick
        tell_nick('r', other, other.nick, from)
        redis.call('HSET', seats, sid, text_of(other))
      end
    end
    local from = before and ',"from":"' .. before .. '"' or ''
    return say(kind, item.id, item, item.fold, '"nick":"' .. nick .. '"' .. from .. '}')
  end

  local function tell_left(seat, item, reason, why)
    local more = why and why ~= '' and ',"text":' .. why or ''
    local body = '"nick":"' .. (seat.said or seat.nick) .. '","reason":"' .. reason .. '"' .. more .. '}'
    return say('l', item.id, item, seat.fold, body)
  end

  local function take_out(sid, seat, item, reason, why)
    redis.call('HDEL', seats, sid)
    redis.call('ZREM', members, member_of(seat))
    forget_rename(sid)
    count = count - 1
    if count > set.notices or item.position then return '', '' end
    return tell_left(seat, item, reason, why), at
  end

  -- The position of the newest entry, those included that this call appends.
  local function newest()
    local last = entries[#entries]
    return meta[1] .. '-' .. int(top + #entries) .. '-' .. (last and last[2] or meta[3])
  end

  local function seat_in(item, seat)
    -- A call whose reply was lost may have said it.
    if seat and seat.gen == item.gen then found(item.id) end
    if seat and seat.life ~= item.life then
      local left = {sid = item.sid, gen = seat.gen, life = seat.life, position = item.position}
      left.id = item.id .. 'w'
      take_out(item.sid, seat, left, 'lost')
      seat = nil
    end
    if not seat or seat.fold ~= item.fold then
      local low, high = '[' .. item.fold .. '\0', '(' .. item.fold .. '\1'
      local there = redis.call('ZRANGEBYLEX', members, low, high, 'LIMIT', 0, 1)[1]
      if there then
        local sid, other = holder_of(key, item.fold)
        if sid and sid ~= item.sid then return {'held', sid, other.life, int(other.gen), other.nick} end
        redis.call('ZREM', members, there)
      end
    end
    local position, fresh, nick = seat and seat.position, 0, seat and seat.nick or ''
    local said = item.nick
    -- What is put back is not told of, unless the room was told that the session had ended.
    local again = item.position
    if again and item.gone and was_told(item) then again = nil end
    if not seat then
      count, fresh = count + 1, 1
      redis.call('ZADD', members, 0, member_of(item))
      if again then
        position = again
      elseif count <= set.notices then
        position = tell_nick('e', item, item.nick)
      else
        position = newest()
      end
    elseif seat.nick ~= item.nick or seat.fold ~= item.fold or seat.said ~= item.nick then
      redis.call('ZREM', members, member_of(seat))
      redis.call('ZADD', members, 0, member_of(item))
      if item.silent then
        said = seat.said
        if said == seat.nick then
          noted = noted or renames_of('')
          note_rename(noted, seat.fold, item.sid)
        end
      else
        forget_rename(item.sid)
        if count <= set.notices then tell_nick('r', item, item.nick, seat.said) end
      end
    elseif again then
      redis.call('ZADD', members, 0, member_of(item))
    end
    local now = {
      gen = item.gen, life = item.life, owner = item.owner, position = position, fold = item.fold,
      nick = item.nick, said = said}
    redis.call('HSET', seats, item.sid, text_of(now))
    if holders then holders[item.fold] = item.sid end
    if item.gone then redis.call('ZREM', key .. ':gone', item.sid) end
    return {'ok', position, count, count > set.notices and 1 or 0, nick, fresh}
  end

  -- Whether a session leaves later: nodes may still put back its `entered`, or the `renamed` of its nick. What
  -- the audit corrects has no nick, and does not wait. Nor does a session that comes in again in this call.
  local function waits(item, seat)
    if not set.unhealed or item.nick == '' or item.returns then return false end
    if seat then
      local is_told = seat.life == item.life and count <= set.notices
      return is_told and (seat.said ~= item.nick or is_missing(log, meta, seat.position))
    end
    -- That it has lost its seat must be known until then.
    if bare then redis.call('HSET', key, 'bare', int(wall_ms())) end
    return true
  end

  local function seat_out(item, seat)
    local is_over = item.gone and item.gone >= item.gen
    if not is_over and waits(item, seat) then return {'unhealed'} end
    redis.call('ZADD', key .. ':gone', int(math.max(item.gone or 0, item.gen)), item.sid)
    redis.call('ZREMRANGEBYSCORE', key .. ':gone', '-inf', int(wall_ms() * 1000 - GONE_US))
    if not seat or seat.life ~= item.life then
      local position, said_at = found(item.id)
      if not position and not seat and not is_over and bare and item.nick ~= '' and count <= set.notices then
        -- It was in the room, and has not left it: Redis has lost its seat.
        position, said_at = tell_left(item, item, item.want, item.why), at
      end
      return {'ok', position or '', said_at or ''}
    end
    local position, said_at = take_out(item.sid, seat, item, item.want, item.why)
    return {'ok', position, said_at}
  end

  local coming = {}
  for n = #items, first, -1 do
    items[n].returns = coming[items[n].sid]
    coming[items[n].sid] = items[n].want == 'in'
  end
  for n = first, #items do
    local item = items[n]
    local seat = seat_of(n == first and text or redis.call('HGET', seats, item.sid))
    -- Who has a seat is not gone.
    item.gone = not seat and tonumber(redis.call('ZSCORE', key .. ':gone', item.sid) or '')
    if (seat and seat.gen > item.gen) or (item.want == 'in' and item.gone and item.gone >= item.gen) then
      replies[n] = {'ahead', int(seat and seat.gen or item.gone)}
    else
      replies[n] = item.want == 'in' and seat_in(item, seat) or seat_out(item, seat)
    end
  end
  if noted then write_renames(key, noted) end
  local frame, _
  if count ~= before or tonumber(meta[6] or -1) ~= count then meta.size = count end
  if #entries > 0 then
    _, _, _, frame = write(log, room_channel(room), set.cap, entries, meta)
  elseif meta.size then
    redis.call('HSET', key, 'size', count)
  end
  if not frame and told[1] then frame = told_frame() end
  return 'ok', replies, frame
end
