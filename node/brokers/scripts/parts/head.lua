-- What nearly all scripts use, and the data that they work on.
--
-- The data, all keys under "chat:" (docs/architecture.md has the same table). K is chat:{r:ROOM} for the log
-- of a room, chat:{c}:i:SID for the inbox of a session. An inbox has only the first three keys.
--   K                         hash    epoch, top (offset of the newest entry), id (its id), cut (offset and
--                                     id of the newest entry that was trimmed), branch (see below), moved
--                                     (offset of the newest entry that has a home), hollow (ms since when
--                                     its entries are known to be lost); of a room also birth (tells it
--                                     from others of its name), size (number of seats), bare (ms since
--                                     when seats are known to be lost), renames ("FOLD SID ...":
--                                     sessions whose nicks the log does not tell, with what it tells)
--   K:log                     stream  OFFSET-0 -> h (head), b (body)
--   K:moved                   hash    id of an entry that has a home -> "OFFSET HOME FORK [HOME FORK ...]"
--   K:seats                   hash    SID -> "GEN LIFE OWNER POSITION FOLD NICK" (parts/seat.lua); OWNER
--                                     "-": nobody may speak; POSITION: where the session joined; in
--                                     a second line the nick that the log tells, if it is another
--   K:gone                    zset    sessions whose seats have ended -> their generation, for 5 minutes
--   K:members                 zset    FOLDED \0 NICK of each seat, all of score 0: sorted by code points
--   K:sent:SID                hash    id of a message to the room -> "AT POSITION TIME": what is shown to
--                                     people, and ms of the chat's time when it was stored (0: its node
--                                     did not know it). For 5 minutes, and no longer than a day after the
--                                     newest. '' -> when it was tended (parts/said.lua)
--   K:sents                   zset    sessions whose ids are remembered -> TIME of one of the newest
--                                     5 minutes of them
--   chat:{c}:session:SID      hash    nick, fold, looks, owner, was, attempt, keyed, claim, op, reply,
--                                     hellos (the newest calls of hello.lua), life (the call that began
--                                     it), gen (grows with each change that rooms have to know), old
--                                     (names that it has given up, and that are not free yet), oldgen
--                                     (rooms that know this generation know that); since, address
--   chat:{c}:rooms:SID        hash    room that the session is in -> birth of the room; with another birth
--                                     than that of the room, the session is not in it
--   chat:{c}:out:SID          hash    "GEN ROOM" -> "LIFE REASON ID BIRTH FOLD NICK WHY": the session has
--                                     left the room, and the room is still to be told; REASON left, quit,
--                                     lost, kicked or unsaid (left before Redis went
--                                     back); ID of the entry that will say so; FOLD NICK it had
--   chat:{c}:outs             zset    sessions that have such -> ms of the oldest one. "-ROOM BIRTH" and
--                                     "+ROOM BIRTH" -> ms from which on the data of a room are to be
--                                     deleted: at once, and once more a minute later
--   chat:{c}:end:SID          set     names that the session has given up; free when out:SID is empty
--   chat:{c}:ended:SID        string  hellos of a session that has ended, for 30 s
--   chat:{c}:nicks            hash    each key that a nick reserves -> session
--   chat:{c}:nicks:lost       string  ms at which all nicks, or all rooms, were found to be lost: counts
--                                     for 8 s, stays until there are both, for 10 minutes at most
--   chat:{c}:grace            zset    sessions without a connection -> ms at which they end
--   chat:{c}:sent:SID         hash    id of a direct -> "AT LOG POSITION TO LAG", for 5 minutes; LAG, and
--                                     TO before it, only if the chat's time is not Redis' own: ms by
--                                     which it was behind (below 0) or ahead. '' -> the newest value
--   chat:{c}:sents            zset    sessions whose ids of directs are remembered -> ms at which to
--                                     check them
--   chat:{c}:births           hash    each room that there is -> its birth
--   chat:{c}:counts           hash    room -> number of sessions in it, as decided
--   chat:{c}:rooms            zset    room names, all of score 0
--   chat:{c}:idle             zset    rooms without members -> ms since when
--   chat:{c}:nodes            zset    incarnations -> ms at which their leases end
--   chat:{c}:at:INC           set     sessions whose connection is at this incarnation
--   chat:{c}:ops              hash    incarnation -> number of changes it made to sessions
--   chat:{c}:dead:INC         string  this incarnation has been reaped: "COUNT changes", as in chat:{c}:ops
--   chat:{c}:about:INC        hash    facts (JSON), since, notices, kept, retired (it was shut
--                                     down): for moderators; for a day longer than the lease
--   chat:{c}:clock            hash    seen: ms of the chat's time at the newest renewal of a lease; shift:
--                                     ms to be added to the time of Redis (see now_ms)
--   chat:{c}:orders           hash    the moderation rules: nick:FOLDED, net:NETWORK, kick:SID or
--                                     room:ROOM -> "TILL EXTRA WHY": ms at which it ends (0: never), the
--                                     birth of a closed room or "-", a JSON string or nothing
--   chat:{c}:ordered          string  "COUNT ID" of the newest change to the moderation rules
--   chat:{c}:waits            string  number of pipelines that waited for replicas (waits.lua)
--   chat:{c}:format           string  the layout of all this, as a number
--   chat:format               string  the same, for nodes of format 1 (mark.lua)
--   chat:{TAG}:never          none    nobody ever writes it: see keys.py
-- A log is called r:ROOM or i:SID. Frames of a room go to the shard channel chat:{r:ROOM}:live, those of an
-- inbox to chat:{c}:node:INC of the node its session is at.
--
-- A nick reserves keys: its folded form, and what it looks like: "FOLD LOOK LOOK", each but the first
-- only if it differs. A session whose nick reserves more than its fold has all of them in `looks`.
--
-- A head is "KIND ID AT ORIGIN [HOME FORK ...]": KIND m message, d direct, e entered, l left,
-- r renamed; ORIGIN is SID:TOKEN, the author of a message and its id; SID/GEN/LIFE/FOLD, the session of
-- a seat and what it had then; or "-".
--
-- Redis may go back to an older state, and nodes may append to a log before the lost entries are put
-- back. Then the log has two branches: the one that was lost, and the one that goes on. A branch is
-- named by the epoch, or by the `branch` that the log got when entries were last put back at other
-- offsets. Such an entry has its original position, HOME (BRANCH-OFFSET), and FORK, the first offset at
-- which the lost branch and this one differ; the newest such pair comes first.
--
-- Ids of entries come from the nodes, and end in hexadecimal digits. A script that needs more than one
-- appends a letter beyond f, and a number, to the one that it was given.
--
-- A frame is "log LOG EPOCH FIRST PREV [BRANCH]" and then, line by line, head and body of each entry.

local function int(number) return string.format('%.0f', number) end

-- All keys of a room have the same slot in a Redis Cluster; those of sessions and inboxes have another one.
local function key_of(log)
  if string.sub(log, 1, 2) == 'r:' then return 'chat:{' .. log .. '}' end
  return 'chat:{c}:' .. log
end

local function node_of(owner) return string.match(owner, '^[^.]+') end

local function room_channel(room) return 'chat:{r:' .. room .. '}:live' end

-- Lets a script run though Redis is full. A full Redis refuses writes that may need memory, but only
-- until the first write of a script that needs none: a script that frees memory is not interrupted.
-- This works in all versions, also in those without `#!lua flags=allow-oom`. For scripts that free memory
-- in the end, or need it for a short time only.
-- `log`: the one that the script is about; none if it is about sessions.
local function though_full(log) redis.call('HDEL', log and key_of(log) or 'chat:{c}:births', '') end
