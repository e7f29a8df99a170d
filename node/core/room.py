"""A log as this node follows it: its members here, its newest entries, and where it is.

Inboxes are followed by the same code: a room of one member, whose frames come another way.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from node.core.limiter import Limiter
from node.core.log import Onward, Ring, loss, onward, recall
from node.core.ports import (
    START,
    Broker,
    Dialect,
    Entry,
    FanOut,
    Frame,
    Outlet,
    Position,
    Refused,
    Slice,
)
from node.core.rules import Counts
from wire.messages import Gap

FEED_ENTRIES = 100
"""Entries given at a time to a reader that is behind."""
FEED_BYTES = 64 * 1024
"""Bytes given at a time to a reader that is behind: what a transport takes without a pause."""
READ_ENTRIES = 200
"""Entries read from a log at a time."""
HELD_FRAMES = 1000
"""Frames kept while the log is being read; more are dropped, and read afterwards."""


class Reader(Protocol):
    """Whose member reads: a session."""

    @property
    def outlet(self) -> Outlet: ...
    @property
    def dialect(self) -> Dialect: ...


class Member:
    """A session's place in a room. ``cursor`` is where it has read to; None while it is live.

    ``joined`` is the position at which it joined. ``resumed``: the cursor came from a client, and
    has to be looked up in the log before anything is believed of it. ``end`` is the position of
    its own `left`, ``done`` what is called when it has gone, and ``whole`` whether it had got all
    that is before that by then.
    """

    __slots__ = (
        *(
            "reader",
            "room",
            "joined",
            "cursor",
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
        *("_broker", "_fan_out", "_counts", "_most", "_syncing", "_held", "_missed"),
    )

    def __init__(
        self, name: str, log: str, broker: Broker, fan_out: FanOut, counts: Counts, most: int
    ) -> None:
        self.name = name
        self.log = log
        self.ring: Ring | None = None
        self.top: Position | None = None
        self.live: dict[Dialect, dict[Member, Outlet]] = {}
        self.behind: dict[Member, None] = {}
        self.empty_since: float | None = None
        self.stale = False
        self.pace: Limiter | None = None
        self._broker = broker
        self._fan_out = fan_out
        self._counts = counts
        self._most = most
        self._syncing = False
        self._held: deque[Frame] = deque()
        self._missed = False

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
        elif frame.first == top.offset + 1 and frame.prev == top.id and frame.epoch == top.epoch:
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
            if entry.home is not None:
                # Put back after a rewind: whoever has had it does not get it again.
                had = {held.id for held in self.ring.entries}
                new = [entry for entry in entries if entry.id not in had]
                break
        self.ring.extend(entries)
        last = entries[-1]
        self.top = Position(self.top.epoch, last.offset, last.id)
        self._deliver(new)
        if self.behind:
            self._feed_all()
        if self._counts.awaited == self.log:
            self._counts.handed_out(new)

    def _deliver(self, entries: list[Entry]) -> None:
        if not entries:
            return
        assert self.top is not None
        self._counts.entries += len(entries)
        for dialect, live in self.live.items():
            self._fan_out(live.values(), dialect.entries(self.name, self.top.epoch, entries))
            self._counts.deliveries += len(live) * len(entries)

    # The log: first look, holes, rewinds

    def sync(self) -> None:
        """Read from the log what is missing here."""
        if self._syncing:
            self._missed = True
            return
        self._syncing = True
        self._missed = self.stale = False
        if self.top is None:
            self._broker.tail(self.log, FEED_ENTRIES, self._on_tail)
        else:
            self._broker.read(self.log, self.top, READ_ENTRIES, self._on_read)

    def _on_tail(self, reply: Slice | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        if reply.top is None:
            self._missing()
            return
        self.top, self.ring = reply.top, self._ring_of(reply.top, reply.entries)
        self._synced()
        if self._counts.awaited == self.log:
            self._counts.handed_out(reply.entries)

    def _missing(self) -> None:
        """Redis forgot the room before it was looked at here: make it anew, unless it was ended,
        or others may still remember it."""
        if self.empty or self._broker.unhealed():
            self._failed()
        else:
            self._broker.begin(self.name, self._on_begun)

    def _on_begun(self, reply: bool | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
        else:
            self._broker.tail(self.log, FEED_ENTRIES, self._on_tail)

    def _ring_of(self, top: Position, entries: list[Entry]) -> Ring:
        """Make a ring of the newest entries; of the oldest one, if it is not the log's first,
        only the position is kept, because the one before it is not known."""
        base = START._replace(epoch=top.epoch)
        if not entries:
            base = top
        elif entries[0].offset > 1:
            base = Position(top.epoch, entries[0].offset, entries[0].id)
            entries = entries[1:]
        ring = Ring(base, self._most)
        ring.extend(entries)
        return ring

    def _on_read(self, reply: Slice | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        assert self.top is not None and self.ring is not None
        if not reply.on:
            self._diverged(reply, self.top, self.ring)
            return
        if self.top.offset == 0 and reply.top is not None:
            # The beginning of a log whose epoch was not known yet.
            self.top = self.top._replace(epoch=reply.top.epoch)
            self.ring = Ring(self.top, self._most)
        if reply.entries:
            self._counts.holes_healed += 1
            self._accept(reply.entries)
        if len(reply.entries) == READ_ENTRIES:
            self._broker.read(self.log, self.top, READ_ENTRIES, self._on_read)
        else:
            self._synced()

    def _diverged(self, found: Slice, top: Position, ring: Ring) -> None:
        """The log does not hold our top: put back what it lost, then go on in it."""
        lost = loss(ring, found)
        if lost is not None:
            self._broker.heal(self.log, lost.base, lost.entries, self._on_healed)
            return
        assert found.top is not None
        recall(ring, found)
        new = onward(top, found)
        shared = ring.base.offset
        offsets = {entry.offset: entry.id for entry in found.entries}
        for entry in reversed(ring.entries):
            if offsets.get(entry.offset) == entry.id:
                shared = entry.offset
                break
        rest = [entry for entry in found.entries if entry.offset > shared]
        if found.top.epoch != ring.epoch or not rest or rest[0].offset != shared + 1:
            self.ring = self._ring_of(found.top, found.entries)
        else:
            ring.cut(shared)
            ring.extend(rest)
        self.top = found.top
        self._go_on(top, new)
        self._synced()

    def _go_on(self, top: Position, new: Onward) -> None:
        """Give the live members what came after ``top`` in a log that is not the one we knew."""
        assert self.top is not None
        if new.gap:
            self._counts.gaps += 1
            after = self._first_of(new.entries)
            for dialect, live in self.live.items():
                gap = Gap(room=self.name, after=str(top), position=str(after))
                self._fan_out(live.values(), dialect.event(gap))
        self._deliver(new.entries)

    def _first_of(self, entries: list[Entry]) -> Position:
        assert self.top is not None
        if not entries:
            return self.top
        return Position(self.top.epoch, entries[0].offset, entries[0].id)

    def _on_healed(self, reply: int | Refused) -> None:
        if isinstance(reply, Refused):
            self._failed()
            return
        if reply:
            self._counts.rewinds_healed += 1
        assert self.top is not None
        self._broker.read(self.log, self.top, READ_ENTRIES, self._on_reread)

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
        if self._missed:
            self.sync()
        self._feed_all(looked=True)

    # Members

    def add(self, member: Member, cursor: Position) -> None:
        """Let a member read on after ``cursor``."""
        self.empty_since = None
        member.cursor = cursor
        self.behind[member] = None
        self.feed(member)

    def remove(self, member: Member) -> None:
        """Deliver nothing to a member any more."""
        self.behind.pop(member, None)
        if (live := self.live.get(member.reader.dialect)) is not None:
            live.pop(member, None)
            if not live:
                del self.live[member.reader.dialect]

    def pause(self, member: Member) -> None:
        """Deliver nothing to a member for now; only remember where it is."""
        if member.cursor is None:
            self.remove(member)
            member.cursor = self.top
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
        if member.end is not None and self._has_all(cursor, member.end):
            member.whole = True
            self.let_go(member)
        elif cursor == top:
            self._make_live(member)
        elif ring.holds(cursor):
            if cursor.offset == top.offset:
                self._make_live(member)
            else:
                self._give(member, ring.after(cursor, FEED_ENTRIES), top.epoch)
        elif looked or member.resumed or cursor.epoch != top.epoch or cursor.offset <= top.offset:
            member.reading = True
            self._broker.read(
                self.log,
                cursor,
                FEED_ENTRIES,
                lambda reply: self._on_feed(member, cursor, reply),
            )
        # Else it joined at a position ahead of us: the frame is on its way.

    def _has_all(self, cursor: Position, end: Position) -> bool:
        """Say whether who has read to ``cursor`` has got all that comes before ``end``."""
        return cursor.offset >= end.offset - 1 and self._knows(end) and self._knows(cursor)

    def _make_live(self, member: Member) -> None:
        if member.end is not None:
            return  # What comes before its own `left` is on its way.
        member.cursor = None
        member.resumed = False
        self.behind.pop(member, None)
        reader = member.reader
        self.live.setdefault(reader.dialect, {})[member] = reader.outlet

    def _on_feed(self, member: Member, cursor: Position, reply: Slice | Refused) -> None:
        member.reading = False
        if member not in self.behind or member.cursor != cursor:
            return
        if isinstance(reply, Refused) or reply.top is None:
            self.stale = True
            return
        if not reply.on and self.ring is not None:
            recall(self.ring, reply)
        new = onward(cursor, reply)
        if new.gap and not reply.on and self._broker.unhealed():
            self.stale = True  # Who remembers may still put back what this reader is behind.
            return
        if new.gap:
            self._counts.gaps += 1
            first = new.entries[0] if new.entries else None
            position = reply.top._replace(offset=first.offset, id=first.id) if first else reply.top
            gap = Gap(room=self.name, after=str(cursor), position=str(position))
            member.reader.outlet.write(member.reader.dialect.event(gap))
        member.resumed = False
        if reply.on and new.entries:
            self._give(member, new.entries, reply.top.epoch)
        else:
            # All at once: the place where the two logs part is not found again from the middle.
            self._give(member, new.entries, reply.top.epoch, reply.top)

    def _give(
        self, member: Member, entries: list[Entry], epoch: bytes, cursor: Position | None = None
    ) -> None:
        """Give a member entries, and all of them if ``cursor`` says where it is afterwards."""
        if cursor is None:
            entries = _page(entries)
            cursor = Position(epoch, entries[-1].offset, entries[-1].id)
        there = False
        if member.end is not None:
            names = [entry.name for entry in entries]
            if there := member.end.id in names:
                entries = entries[: names.index(member.end.id)]
        member.cursor = cursor
        if entries:
            self._counts.deliveries += len(entries)
            reader = member.reader
            reader.outlet.feed(reader.dialect.entries(self.name, epoch, entries))
        if there:
            # Not where it was, perhaps: it may have been lost, and put back elsewhere.
            member.whole = True
            self.let_go(member)
        elif not entries or (member.end is not None and self._has_all(cursor, member.end)):
            self.feed(member)


def _page(entries: list[Entry]) -> list[Entry]:
    """Return the first of some entries, up to what a transport takes without a pause."""
    size = 0
    for count, entry in enumerate(entries, 1):
        size += len(entry.body)
        if size >= FEED_BYTES:
            return entries[:count]
    return entries
