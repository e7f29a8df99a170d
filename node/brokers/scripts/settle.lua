-- Brings seats of a room to what was decided about sessions; see parts/settle.lua.
-- PARTS settle head
-- KEYS hash stream moved members seats gone never
-- ARGV  room, its birth, epoch for a log that is missing, notices (with more members nothing is said), cap, 1
--       if others are known to be in the room, 1 if nodes may still put back entries of its log, then for each
--       item: session, gen, life, 'in', 'back' (the same after a loss: a nick that the room has is perhaps an
--       old one, and is corrected without a word) or the reason for which it leaves, id of the entry, a
--       moderator's reason (a JSON string, or ''), fold, nick, owner, position at which it joined if its
--       coming in was told before, else ''
-- Returns {'ok', {a reply to each item}, the frame that was appended, or ''}; {'other', birth of the room
-- that is there}.
local set = {
  make = ARGV[3], notices = tonumber(ARGV[4]), cap = tonumber(ARGV[5]), others = ARGV[6] == '1',
  unhealed = ARGV[7] == '1'}
local items = {}
though_full('r:' .. ARGV[1])
for n = 8, #ARGV, 10 do
  local sid, gen, life, want, id, why, fold, nick, owner, position = unpack(ARGV, n, n + 9)
  local silent = want == 'back'
  items[#items + 1] = {
    sid = sid, gen = tonumber(gen), life = life, want = silent and 'in' or want, id = id, why = why,
    silent = silent, fold = fold, nick = nick, owner = owner, position = position ~= '' and position or nil}
end
local status, found, frame = settle(ARGV[1], ARGV[2], set, items)
return {status, found, frame or ''}
