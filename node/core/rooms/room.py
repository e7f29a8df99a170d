"""A log as this node follows it: its members here, its newest entries, and where it is.

Inboxes are followed by the same code: a room of one member, whose frames come another way.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from node.core.config import CoreCounts
from node.core.entries import (
    CURRENT,
    START,
    UNKNOWN,
    Append,
    Entry,
    Frame,
    Lost,
    Position,
    SeenBranch,
    Slice,
)
from node.core.interfaces import Broker, Encoder, FanOut, Transport
from node.core.limits.token_bucket import TokenBucket
from node.core.model import Refused
from node.core.rooms.comparison import READ_ENTRIES, Comparison
from node.core.rooms.merge import Found, common_until, first_part, lost, unseen
from node.core.rooms.ring import Ring
from node.core.rooms.unconfirmed import Unconfirmed
from wire.messages import Gap

FEED_ENTRIES = 100
"""Entries given at a time to a reader that is behind."""
FEED_BYTES = 64 * 1024
"""Bytes given at a time to a reader that is behind: what a transport takes without a pause."""
HELD_FRAMES = 1000
"""Frames kept while the log is being read; more are dropped, and read afterwards."""
BRANCHES = 4
"""Lost branches of a log that are remembered, to give nobody again what is put back late."""
UNCONFIRMED = 1000
"""Appends whose frames are waited for; with more, the log is read instead."""


class Reader(Protocol):
    """Whose member reads: a session."""

    @property
    def outlet(self) -> Transport: ...
    @property
    def encoder(self) -> Encoder: ...

    def looked_up(self) -> None:
        """The position that it came with had to be looked up in the log."""


class Member:
    """A session's place in a room. ``cursor`` is where it has read to; None while it is live.

    ``joined`` is the position at which it joined. ``had`` is what it has had of a branch that the
    log lost, ``branch`` the one that the cursor is of. ``resumed``: the cursor came from a client,
    and has to be looked up in the log before anything is believed of it. ``end`` is the position of
    its own `left`, ``done`` what is called when it has gone, and ``whole`` whether it had got all
    that is before that by then.
    """

    __slots__ = (
        *(
            "reader",
            "room",
            "joined",
            "cursor",
            "seen",
            "branch",
            "resumed",
            "reading",
            "stopped",
            "end",
            "done",
            "whole",
        ),
    )

    def __init__(self, reader: Reader, room: "Room", joined: str) -> None:
        self.reader = reader
        self.room = room
        self.joined = joined
        self.cursor: Position | None = None
        self.seen: SeenBranch | None = None
        self.branch = UNKNOWN
        self.resumed = False
        self.reading = False
        self.stopped = False
        self.end: Position | None = None
        self.done: Callable[[], None] | None = None
        self.whole = False


class Room:
    """Follows one log. ``name`` is what clients call it, ``log`` what the broker does."""

    __slots__ = (
        *("name", "log", "ring", "top", "live", "behind", "empty_since", "stale", "pace"),
        *(
            "unconfirmed",
            "branch",
            "moved",
            "_had",
            "_kept",
            "_broker",
            "_fan_out",
            "_counts",
            "_most",
            "_syncing",
            "_held",
            "_missed",
            "_waits",
        ),
    )

    def __init__(
        self, name: str, log: str, broker: Broker, fan_out: FanOut, counts: CoreCounts, most: int
    ) -> None:
        self.name = name
        self.log = log
        self.ring: Ring | None = None
        self.top: Position | None = None
        self.live: dict[Encoder, dict[Member, Transport]] = {}
        self.behind: dict[Member, None] = {}
        self.empty_since: float | None = None
        self.stale = False
        self.pace: TokenBucket | None = None
        self.unconfirmed: Unconfirmed | None = None
        self.branch = b""
        self.moved = 0
        self._had: deque[SeenBranch] = deque(maxlen=BRANCHES)
        self._kept: set[bytes] = set()
        self._broker = broker
        self._fan_out = fan_out
        self._counts = counts
        self._most = most
        self._syncing = False
        self._held: deque[Frame] = deque()
        self._missed = False
        self._waits = False

    # Frames

    def begin(self, top: Position) -> None:
        """Follow the log from ``top`` on."""
        self.top = top
        self.ring = Ring(top, self._most)
        self._feed_all()

    def receive(self, frame: Frame) -> None:
        """Take a frame: deliver it if it continues the log, else find out why it does not."""
        top = self.top
        if self._syncing or top is None:
            self._hold(frame)
        elif frame.branch != (self.branch or frame.epoch):
            # Entries were put back; or the frame is of a branch that the log has lost.
            self.sync()
        elif frame.first == top.offset + 1 and frame.prev == top.id and frame.epoch == top.epoch:
            self.branch = frame.branch
            self._accept(frame.entries)
        elif frame.epoch == top.epoch and frame.first <= top.offset:
            self._overlap(frame, top)
        else:
            # Higher: a hole. Another epoch: another log. Either way the log tells, this frame's
            # entries too; a frame that it does not know of must not be waited for.
            self.sync()

    def _overlap(self, frame: Frame, top: Position) -> None:
        """Take a frame that begins at or before the top: a repeat, unless the log was rewound."""
        assert self.ring is not None
        new = [entry for entry in frame.entries if entry.offset > top.offset]
        old = frame.entries[: len(frame.entries) - len(new)]
        last = old[-1]
        if last.offset >= self.ring.base.offset and not self.ring.has(last.offset, last.id):
            self.sync()
        elif new:
            self._accept(new)

    def appended(self, append: Append) -> bool:
        """Take entries that this node has appended, before they are acknowledged.

        They are delivered if they continue the log; else they are remembered until the frames
        before them have come, or are put back if the log turns out not to hold them. Return
        whether they have been delivered.
        """
        frame, last = append.frame, append.frame.entries[-1]
        top, ring = (self.top, self.ring) if not self._syncing else (None, None)
        if top is not None and ring is not None and frame.epoch == top.epoch:
            if frame.first == top.offset + 1 and frame.prev == top.id:
                self._accept(frame.entries)
                return True
            if ring.has(last.offset, last.id):
                return True
        if self.unconfirmed is None:
            self.unconfirmed = Unconfirmed()
        same = self.top is not None and frame.epoch == self.top.epoch
        self.unconfirmed.add(append, self.branch if same and self.branch else frame.epoch)
        if top is not None:
            if self.unconfirmed.displaced(top) or len(self.unconfirmed) > UNCONFIRMED:
                self.sync()
        return False

    @property
    def newest(self) -> Position | None:
        """The newest position that the log is known to have held.

        As long as an entry of this node has to be put back, that of this entry: what is appended
        before would be ahead of it.
        """
        own, top = self.unconfirmed, self.top
        if own is None or top is None:
            return top
        newest = own.newest
        if newest.epoch == top.epoch and newest.offset > top.offset:
            return newest
        return own.lost(top) or top

    def _confirm(self, entries: list[Entry]) -> None:
        """Entries have come: some of those that were waited for may be among or behind them."""
        own = self.unconfirmed
        assert own is not None and self.top is not None
        own.confirm(entries)
        if not len(own):
            self.unconfirmed = None
        elif self._syncing:
            pass
        elif own.displaced(self.top):
            self.sync()
        elif (frame := own.next(self.top)) is not None:
            self._accept(frame.entries)

    def _settle(self) -> bool:
        """Put back the entries of this node that the log, just read to its end, does not hold.

        Return whether there are any. Each was in the log before it was read.
        """
        own, ring = self.unconfirmed, self.ring
        if own is None or ring is None:
            return False
        own.settle(ring)
        if not len(own) or self.top is None:
            self.unconfirmed = None
            return False
        own = own.in_branch(*own.branch)
        epoch, _ = own.branch
        # What was appended before anything was known of the log has a base without an epoch.
        base = own.base._replace(epoch=epoch)
        if epoch != ring.epoch:
            base = START._replace(epoch=epoch)
        else:
            if not (base.offset < ring.base.offset or ring.holds(base)):
                base = ring.base
            base = common_until(base, ring.entries, own.entries[0].at)
        self._syncing = True
        self._put_back_own(own, base, self.top)
        return True

    def _put_back_own(self, own: Unconfirmed, base: Position, read: Position) -> None:
        """Put back entries that this node appended to one branch."""
        missing = Lost(base, read, own.branch[1], first_part(own.entries))
        self._broker.heal(self.log, missing, partial(self._on_own_healed, missing))

    def _on_own_healed(self, missing: Lost, reply: int | Refused) -> None:
        if self.unconfirmed is not None and (isinstance(reply, int) or reply is Refused.GONE):
            # They are in the log, or the log has ended.
            self.unconfirmed.confirm(missing.entries)
            if not len(self.unconfirmed):
                self.unconfirmed = None
        if self.top is None:
            self._failed()
        else:
            self._on_healed([], reply)

    def _hold(self, frame: Frame) -> None:
        if len(self._held) < HELD_FRAMES:
            self._held.append(frame)
        else:
            self._missed = True

    def _accept(self, entries: list[Entry]) -> None:
        """Deliver entries that come right after the top."""
        assert self.top is not None and self.ring is not None
        new = entries
        for entry in entries:
            if entry.original_positions:
                new = self._put_back(entries)
                break
        self.ring.extend(entries)
        last = entries[-1]
        self.top = Position(self.top.epoch, last.offset, last.id)
        self._deliver(new)
        if self.behind:
            self._feed_all()
        if self._counts.awaited == self.log:
            self._counts.handed_out(new)
        if self.unconfirmed is not None:
            self._confirm(entries)

    def _put_back(self, entries: list[Entry]) -> list[Entry]:
        """Return those of some entries that the live members have not had in a lost branch."""
        assert self.ring is not None
        self.moved = max(self.moved, entries[-1].offset)
        self._part_with_readers()
        return self._told(None, self._not_had(unseen(self.ring, SeenBranch(b"", 1, 0), entries)))

    def _not_had(self, entries: list[Entry]) -> list[Entry]:
        """Return those of some entries that the live members have not had in any lost branch."""
        return [entry for entry in entries if not any(seen.includes(entry) for seen in self._had)]

    def _part_with_readers(self) -> None:
        """Let the live members that have had others than the rest read by themselves."""
        for live in list(self.live.values()):
            for member in [member for member in live if member.seen is not None]:
                self.pause(member)

    def _deliver(self, entries: list[Entry]) -> None:
        if not entries:
            return
        assert self.top is not None
        self._counts.entries += len(entries)
        for encoder, live in self.live.items():
            self._fan_out(live.values(), encoder.entries(self.name, self.top.epoch, entries))
            self._counts.deliveries += len(live) * len(entries)

    # The log: first look, holes, rewinds

    def sync(self) -> None:
        """Read from the log what is missing here."""
        if self._syncing:
            self._missed = True
            return
        self._syncing = True
        self._missed = self.stale = False
        self._kept.clear()
        if self.top is None:
            self._broker.tail(self.log, FEED_ENTRIES, self._on_tail)
        else:
            self._broker.read(self.log, self.top, self.branch, READ_ENTRIES, self._on_read)

    def rewound(self) -> None:
        """An append was refused; it is tried again, so what is being read now need not be again."""
        if not self._syncing:
            self.sync()

    def _on_tail(self, reply: Slice | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        if reply.top is None:
            self._missing()
            return
        self.top, self.ring = reply.top, Ring.ending_at(reply.top, reply.entries, self._most)
        self.branch, self.moved = reply.branch, reply.moved
        self._synced()
        if self._counts.awaited == self.log:
            self._counts.handed_out(reply.entries)

    def _missing(self) -> None:
        """Redis forgot the room before it was looked at here: make it anew, unless it was ended,
        or others may still remember it."""
        if self._broker.unhealed() or (self.empty and self.unconfirmed is None):
            self._failed()
        elif (own := self.unconfirmed) is not None:
            epoch, branch = own.branch
            self._put_back_own(own.in_branch(epoch, branch), START._replace(epoch=epoch), START)
        else:
            self._broker.begin(self.name, self._on_begun)

    def _on_begun(self, reply: bool | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
        else:
            self._broker.tail(self.log, FEED_ENTRIES, self._on_tail)

    def _on_read(self, reply: Slice | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        assert self.top is not None and self.ring is not None
        if not reply.on:
            compared = partial(self._compared, reply.fork)
            if reply.top is None:
                compared(None)
            else:
                Comparison(self._broker, self.log, self.ring, self.branch, compared).run()
            return
        if reply.branch != (self.branch or self.top.epoch):
            # Others may put back later what came here before all that the ring holds.
            base = self.ring.base.offset
            self._had.append(SeenBranch(self.branch or self.top.epoch, 1, base))
        self.branch, self.moved = reply.branch, max(self.moved, reply.moved)
        if self.top.offset == 0 and reply.top is not None:
            # The beginning of a log whose epoch was not known yet.
            self.top = self.top._replace(epoch=reply.top.epoch)
            self.ring = Ring(self.top, self._most)
        if reply.entries:
            self._counts.holes_healed += 1
            self._accept(reply.entries)
        if reply.is_last:
            self._synced()
        else:
            self._broker.read(self.log, self.top, self.branch, READ_ENTRIES, self._on_read)

    def _compared(self, fork: int, found: Found | None | Refused) -> None:
        """The log does not hold our top: put back what it lost, then go on in it.

        ``fork`` is where our branch and this one part, as far as the log tells, else 0.
        """
        top, ring = self.top, self.ring
        assert top is not None and ring is not None
        if isinstance(found, Refused):
            self._failed()
            return
        own: list[Entry] = []
        if self.unconfirmed is not None:
            # Those of another branch may be in the log that is there now.
            own = self.unconfirmed.in_branch(ring.epoch, self.branch or ring.epoch).entries
        if found is None:
            # What is before all that the ring knows cannot be put back behind it.
            own = [one for one in own if one.offset > ring.base.offset]
            entries = first_part(ring.entries + own)
            if not entries and self._leaves_it_to_others():
                self._failed()
                return
            missing: Lost | None = Lost(ring.base, ring.base, self.branch, entries)
        else:
            missing = lost(ring, self.branch, found, own, self._kept, fork)
        if missing is not None:
            ids = [entry.id for entry in missing.entries]
            self._broker.heal(self.log, missing, partial(self._on_healed, ids))
        elif found is not None:
            self._go_on_in(found, fork, top, ring)
            self._synced()

    def _leaves_it_to_others(self) -> bool:
        """Say whether an inbox, of which nothing is remembered here, is to begin again later.

        The authors' nodes may remember directs: what comes before its beginning counts as trimmed.
        """
        if not self.log.startswith("i:"):
            return False
        waited, self._waits = self._waits, self._broker.unhealed()
        return waited or self._waits

    def _go_on_in(self, found: Found, fork: int, top: Position, ring: Ring) -> None:
        """Go on in a log that is not the one we knew, and give the live members what is new."""
        if found.common is not None:
            fork = found.common.offset + 1
        elif not fork:
            fork = _fork_of(found, top)
        seen = SeenBranch(self.branch or top.epoch, fork, top.offset)
        # What the ring holds is known by its ids, and stands in this log by now.
        older = seen._replace(offset=min(top.offset, ring.base.offset))
        new = unseen(ring, older, [one for one in found.entries if one.offset >= fork])
        new = self._not_had(new)
        self._part_with_readers()
        if found.common is not None and found.common.epoch == found.top.epoch:
            ring.replace_after(found.common.offset, found.entries, found.top)
        else:
            self.ring = Ring.ending_at(found.top, found.entries, self._most)
        self.top, self.branch = found.top, found.branch
        self.moved = max(self.moved, found.moved)
        self._had.append(older)
        told = self._told(seen, new)
        if _is_gap(found, fork, top):
            self._counts.gaps += 1
            after = self._first_of(told)
            for encoder, live in self.live.items():
                gap = Gap(room=self.name, after=str(top), position=str(after))
                self._fan_out(live.values(), encoder.event(gap))
        self._deliver(told)

    def _told(self, seen: SeenBranch | None, entries: list[Entry]) -> list[Entry]:
        """Return entries as they are told to readers that may have had others of a lost branch."""
        told = []
        for entry in entries:
            if seen is not None and entry.offset < self.moved:
                entry = entry.sent_with(seen)
            elif entry.original_positions and entry.is_ambiguous:
                # Nothing of a lost branch; but that the position is not of that one.
                entry = entry.sent_with(SeenBranch(self.branch, entry.offset + 1, entry.offset))
            told.append(entry)
        return told

    def _first_of(self, entries: list[Entry]) -> Position:
        assert self.top is not None
        if not entries:
            return self.top
        return Position(self.top.epoch, entries[0].offset, entries[0].id)

    def _on_healed(self, ids: list[bytes], reply: int | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        if reply == 0:
            # They were there, some perhaps only to be trimmed at once.
            self._kept.update(ids)
        if reply:
            self._counts.rewinds_healed += 1
        assert self.top is not None
        self._broker.read(self.log, self.top, self.branch, READ_ENTRIES, self._on_reread)

    def _on_reread(self, reply: Slice | Refused) -> None:
        if isinstance(reply, Slice) and reply.top is None:
            # Not to be had now: an inbox whose session has to be put back first, or has ended.
            self._failed()
        else:
            self._on_read(reply)

    def _failed(self) -> None:
        """The log could not be read now; the next comparison of tops tries again."""
        self._syncing = False
        self.stale = True

    def _synced(self) -> None:
        self._syncing = False
        held, self._held = self._held, deque()
        for frame in held:
            self.receive(frame)
        if self._syncing:
            return  # One of them did not continue the log.
        if self._missed:
            self.sync()
        elif not self._settle():
            self._feed_all(looked=True)

    # Members

    def add(self, member: Member, cursor: Position, seen: SeenBranch | None = None) -> None:
        """Let a member read on after ``cursor``, that has had some of a lost branch."""
        self.empty_since = None
        member.cursor, member.seen = cursor, seen
        member.branch = UNKNOWN if seen is None else CURRENT
        self.behind[member] = None
        self.feed(member)

    def remove(self, member: Member) -> None:
        """Deliver nothing to a member any more."""
        self.behind.pop(member, None)
        if (live := self.live.get(member.reader.encoder)) is not None:
            live.pop(member, None)
            if not live:
                del self.live[member.reader.encoder]

    def pause(self, member: Member) -> None:
        """Deliver nothing to a member for now; only remember where it is."""
        if member.cursor is None:
            self.remove(member)
            member.cursor, member.branch = self.top, self.branch
            self.behind[member] = None

    def stop(self, member: Member) -> None:
        """Deliver nothing to a member that is leaving, until it is known where it left."""
        self.pause(member)
        member.stopped = True

    def go_on(self, member: Member) -> None:
        """Deliver again to a member that could not leave."""
        member.stopped = False
        self.feed(member)

    def give_until(
        self, member: Member, end: Position | None, done: Callable[[], None] | None = None
    ) -> None:
        """Give a member that leaves what comes before its own `left`; then it is gone."""
        member.stopped = False
        member.end, member.done = end, done
        if end is None:
            self.let_go(member)
            return
        if self.top is not None and end.offset <= self.top.offset and not self._knows(end):
            self.sync()  # This is not the log that we know.
        self.feed(member)

    def _knows(self, position: Position) -> bool:
        """Say whether the log is known to have an entry at its place."""
        ring = self.ring
        if ring is None or position.epoch != ring.epoch:
            return False
        return position.offset < ring.base.offset or ring.has(position.offset, position.id)

    def let_go(self, member: Member) -> None:
        """Let a member that leaves go, whatever it has got."""
        done, member.end, member.done = member.done, None, None
        self.remove(member)
        if done is not None:
            done()

    def delivered(self, member: Member) -> Position | None:
        """Return the position up to which a member has been given everything."""
        return member.cursor or self.top

    @property
    def empty(self) -> bool:
        """Say whether nobody here is in the room."""
        return not self.live and not self.behind

    @property
    def awaited(self) -> bool:
        """Say whether somebody here joined at a position that this node has not reached yet."""
        top = self.top
        return top is not None and any(
            member.cursor is not None and member.cursor.offset > top.offset
            for member in self.behind
        )

    def _feed_all(self, looked: bool = False) -> None:
        for member in list(self.behind):
            self.feed(member, looked)

    def feed(self, member: Member, looked: bool = False) -> None:
        """Bring a member that is behind nearer to the top, and make it live when it is there.

        The one catch-up of the system: for a continued session, for a slow reader, and for a
        member that joined at a position which this node has not reached yet. ``looked``: the log
        has just been read, and perhaps it will not get there either, because it was taken back.
        """
        cursor, top, ring = member.cursor, self.top, self.ring
        if cursor is None or top is None or ring is None or self._syncing:
            return
        if member.reading or member.stopped or member.reader.outlet.paused:
            return
        if self._has_all(cursor, member):
            member.whole = True
            self.let_go(member)
        elif ring.holds(cursor) and not self._is_ambiguous(cursor, member.branch):
            if cursor.offset == top.offset:
                self._make_live(member)
            else:
                self._give(member, ring.after(cursor, FEED_ENTRIES), top.epoch, self.branch)
        elif looked or member.resumed or cursor.epoch != top.epoch or cursor.offset <= top.offset:
            member.reading = True
            self._broker.read(
                self.log,
                cursor,
                member.branch,
                FEED_ENTRIES,
                lambda reply: self._on_feed(member, cursor, reply),
                # More would be read once more: no more than that is given at a time.
                FEED_BYTES,
            )
        # Else it joined at a position ahead of us: the frame is on its way.

    def _is_ambiguous(self, cursor: Position, branch: bytes) -> bool:
        """Say whether a position of a branch may be of one that was lost, behind other entries."""
        assert self.ring is not None
        if not 0 < cursor.offset <= self.moved or branch in (CURRENT, self.branch or cursor.epoch):
            return False
        entry = self.ring.entry_at(cursor.offset)
        return entry is None or entry.is_ambiguous

    def _has_all(self, cursor: Position, member: Member) -> bool:
        """Say whether a member that leaves, and has read to ``cursor``, has all before its end."""
        end = member.end
        if end is None or cursor.offset < end.offset - 1:
            return False
        if self._is_ambiguous(cursor, member.branch):
            return False
        return self._knows(end) and self._knows(cursor)

    def _make_live(self, member: Member) -> None:
        if member.end is not None:
            return  # What comes before its own `left` is on its way.
        member.cursor = None
        member.resumed = False
        self.behind.pop(member, None)
        reader = member.reader
        self.live.setdefault(reader.encoder, {})[member] = reader.outlet

    def _on_feed(self, member: Member, cursor: Position, reply: Slice | Refused) -> None:
        member.reading = False
        if member not in self.behind or member.cursor != cursor:
            return
        if isinstance(reply, Refused) or reply.top is None:
            self.stale = True
            return
        first = reply.entries[0].offset if reply.entries else reply.top.offset + 1
        if reply.on:
            gap = False
        elif reply.fork:
            gap = first > reply.fork
        else:
            gap = cursor.offset > 0 or first > 1
        if gap and not reply.fork and self._broker.unhealed():
            self.stale = True  # Who remembers may still put back what this reader is behind.
            return
        if reply.fork:
            member.seen = SeenBranch(reply.lost, reply.fork, cursor.offset)
        self.moved = max(self.moved, reply.moved)
        if gap:
            self._counts.gaps += 1
            new = self._told(member.seen, self._new_to(member, reply.entries[:FEED_ENTRIES]))
            position = Position(reply.top.epoch, new[0].offset, new[0].id) if new else reply.top
            event = Gap(room=self.name, after=str(cursor), position=str(position))
            member.reader.outlet.write(member.reader.encoder.event(event))
        if member.resumed:
            member.reader.looked_up()
        member.resumed = False
        if reply.entries:
            self._give(member, reply.entries, reply.top.epoch, reply.branch)
        elif cursor.offset == 0 and self._is_another_log(reply.top):
            self.stale = True  # A later gap has to name where this client is.
        else:
            member.cursor, member.branch = reply.top, reply.branch
            if self._is_ambiguous(reply.top, reply.branch):
                self.stale = True  # The log has another branch by now.
            else:
                self.feed(member)

    def _is_another_log(self, top: Position) -> bool:
        """Say whether a position is of a log that is not the one that this node knows."""
        return self.top is not None and self.top.offset > 0 and self.top.epoch != top.epoch

    @staticmethod
    def _new_to(member: Member, entries: list[Entry]) -> list[Entry]:
        """Return those of some entries that a member has not had in a lost branch."""
        seen = member.seen
        return entries if seen is None else [entry for entry in entries if not seen.includes(entry)]

    def _give(self, member: Member, entries: list[Entry], epoch: bytes, branch: bytes) -> None:
        """Give a member the first of some entries, as many as it may get at a time."""
        entries = _page(entries)
        cursor = Position(epoch, entries[-1].offset, entries[-1].id)
        there = False
        if member.end is not None:
            names = [entry.id for entry in entries]
            if there := member.end.id in names:
                entries = entries[: names.index(member.end.id)]
        member.cursor, member.branch = cursor, branch
        new = self._new_to(member, entries)
        if new:
            self._counts.deliveries += len(new)
            told = self._told(member.seen, new)
            reader = member.reader
            reader.outlet.feed(reader.encoder.entries(self.name, epoch, told))
        if there:
            # Not where it was, perhaps: it may have been lost, and put back elsewhere.
            member.whole = True
            self.let_go(member)
        elif not new or self._has_all(cursor, member):
            self.feed(member)


def _fork_of(found: Found, top: Position) -> int:
    """Return where the branch of ``top`` and a log part, 0 if the log does not tell it."""
    for entry in found.entries:
        if entry.id == top.id:
            return next(
                (place.fork for place in entry.original_positions if place.offset == top.offset), 0
            )
    return 0


def _is_gap(found: Found, fork: int, top: Position) -> bool:
    """Say whether something that readers have not had after ``top`` is not kept any more."""
    if found.common is not None:
        return False
    if top.offset == 0:
        return found.oldest > 1
    # Of what was trimmed behind the fork all has to have been ours.
    return not fork or found.oldest - fork > found.trimmed


def _page(entries: list[Entry]) -> list[Entry]:
    """Return the first of some entries, up to what a transport takes without a pause."""
    size = 0
    for count, entry in enumerate(entries, 1):
        size += len(entry.body)
        if size >= FEED_BYTES:
            return entries[:count]
    return entries
