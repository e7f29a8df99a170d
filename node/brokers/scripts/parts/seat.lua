-- Seats as Redis has them, and what follows from them: the list of members, and whether some were lost. Only
-- keys of the room are touched.
-- PARTS head wall

-- A seat as a table; the text is "GEN LIFE OWNER POSITION FOLD NICK", and in a second line the nick that
-- the log tells, if that is another one.
local function seat_of(text)
  local parts = '^(%d+) (%S+) (%S+) (%S+) (%S+) ([^\n]*)\n?(.*)$'
  local gen, life, owner, position, fold, nick, said = string.match(text or '', parts)
  if not gen then return nil end
  if said == '' then said = nick end
  return {
    gen = tonumber(gen), life = life, owner = owner, position = position, fold = fold, nick = nick, said = said}
end

local function text_of(seat)
  local said = seat.said and seat.said ~= seat.nick and '\n' .. seat.said or ''
  local row = {int(seat.gen), seat.life, seat.owner, seat.position, seat.fold, seat.nick .. said}
  return table.concat(row, ' ')
end

local function member_of(seat) return seat.fold .. '\0' .. seat.nick end

-- Makes the list of members again.
local function list_members(key)
  redis.call('DEL', key .. ':members')
  local all, row = redis.call('HGETALL', key .. ':seats'), {}
  for n = 2, #all, 2 do
    local seat = seat_of(all[n])
    if seat then
      row[#row + 1] = 0
      row[#row + 1] = member_of(seat)
    end
    if #row > 0 and (#row >= 1000 or n == #all) then
      redis.call('ZADD', key .. ':members', unpack(row))
      row = {}
    end
  end
end

-- Notes since when seats are known to be lost: how many there were is remembered. Returns whether some are.
local function see_loss(key, count, size)
  if not size or tonumber(size) == count then return false end
  redis.call('HSET', key, 'bare', int(wall_ms()))
  return true
end

-- So many are noted of a room: to read 1000 takes two milliseconds. What a log tells of the others is corrected
-- after the audit alone.
local RENAMES_MOST = 1000

-- Notes that a session has another nick than the log tells of it, with the fold of the one that it tells.
local function note_rename(noted, fold, sid)
  if #noted.rows >= RENAMES_MOST then return end
  local sids = noted.sids[fold] or {}
  sids[#sids + 1], noted.rows[#noted.rows + 1] = sid, sid
  noted.sids[fold], noted.fold[sid], noted.changed = sids, fold, true
end

-- What is noted so: `fold` has that of each session, and `sids` the sessions that have had one, of which some
-- may be forgotten. It is read once in a call, and written once, as there may be many.
local function renames_of(text)
  local noted = {rows = {}, fold = {}, sids = {}}
  for fold, sid in string.gmatch(text or '', '(%S+) (%S+) ') do note_rename(noted, fold, sid) end
  noted.changed = false
  return noted
end

local function write_renames(key, noted)
  if not noted.changed then return end
  local text = {}
  for _, sid in ipairs(noted.rows) do
    local fold = noted.fold[sid]
    if fold then text[#text + 1] = fold .. ' ' .. sid .. ' ' end
    noted.fold[sid] = nil
  end
  if text[1] then
    redis.call('HSET', key, 'renames', table.concat(text))
  else
    redis.call('HDEL', key, 'renames')
  end
end

-- Gives seats to other owners, up to the first item that asks for more than that; returns its place, and its
-- seat as text. When a node has died, all its sessions come by that, and nobody is told of it.
local function hand_over(seats, items, count, quiet, replies)
  for n, item in ipairs(items) do
    local text = redis.call('HGET', seats, item.sid) or ''
    local gen, life, position, nicks = string.match(text, '^(%d+) (%S+) %S+ (%S+) (.*)$')
    if not gen or tonumber(gen) >= item.gen or life ~= item.life or nicks ~= item.fold .. ' ' .. item.nick
      or item.want ~= 'in' or item.position then
      return n, text
    end
    local now = int(item.gen) .. ' ' .. life .. ' ' .. item.owner .. ' ' .. position .. ' ' .. nicks
    redis.call('HSET', seats, item.sid, now)
    replies[n] = {'ok', position, count, quiet, item.nick, 0}
  end
  return #items + 1
end
