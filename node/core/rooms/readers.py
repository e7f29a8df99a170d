"""The members of a room on one node, and what they get of its log."""

from functools import partial

from node.core.config import CoreCounts
from node.core.entries import Cursor, Entry, Position, SeenBranch, Slice
from node.core.interfaces import Broker, Encoder, FanOut, Transport
from node.core.model import Failure
from node.core.rooms.known_log import KnownLog
from node.core.rooms.member import Member, MemberState
from wire.messages import Gap

FEED_ENTRIES = 100
"""Entries given at a time to a reader that is behind."""
FEED_BYTES = 64 * 1024
"""Bytes given at a time to a reader that is behind: what a transport takes without a pause."""


class Readers:
    """The members of a room: live ones, and those that are behind.

    Live members get each entry as it comes, with one encoding for all that share an encoder. A
    member that is behind reads by itself, from the ring or from the log, until it is at the top.
    """

    __slots__ = ("live", "behind", "_name", "_log", "_known", "_broker", "_fan_out", "_counts")

    def __init__(
        self,
        name: str,
        log: str,
        known: KnownLog,
        broker: Broker,
        fan_out: FanOut,
        counts: CoreCounts,
    ) -> None:
        self.live: dict[Encoder, dict[Member, Transport]] = {}
        self.behind: dict[Member, None] = {}
        self._name = name
        self._log = log
        self._known = known
        self._broker = broker
        self._fan_out = fan_out
        self._counts = counts

    # Who is here

    @property
    def empty(self) -> bool:
        """Whether there are no members."""
        return not self.live and not self.behind

    @property
    def present(self) -> int:
        """How many members there are that do not want to leave."""
        staying = [member for member in self.behind if member.state is MemberState.BEHIND]
        return len(staying) + sum(map(len, self.live.values()))

    @property
    def awaited(self) -> bool:
        """Whether a member joined at a position that this node has not reached yet."""
        top = self._known.top
        return top is not None and any(
            member.cursor is not None and member.cursor.offset > top.offset
            for member in self.behind
        )

    def add(self, member: Member, start: Position, cursor: Cursor | None = None) -> None:
        """Let a member read on after the cursor of its client, or else after ``start``."""
        member.start(start, cursor, self._known.past)
        self.behind[member] = None
        self.feed(member)

    def remove(self, member: Member) -> None:
        """Deliver nothing to a member any more, and tell nobody."""
        member.remove()
        self._take_out(member)

    def release(self, member: Member) -> None:
        """Remove a member; if it is leaving, this is the end of that, whatever it has got."""
        done = member.remove()
        self._take_out(member)
        if done is not None:
            done()

    def _take_out(self, member: Member) -> None:
        self.behind.pop(member, None)
        if (live := self.live.get(member.encoder)) is not None:
            live.pop(member, None)
            if not live:
                del self.live[member.encoder]

    def pause(self, member: Member) -> None:
        """Deliver nothing to a live member until it is fed; only note how far it has read."""
        if member.state is MemberState.LIVE:
            ring = self._known.ring
            assert ring is not None
            self._take_out(member)
            member.fall_behind(ring.top, self._known.branch, self._known.past)
            self.behind[member] = None

    def stop(self, member: Member) -> None:
        """Deliver nothing to a member that wants to leave, until it is known where it left."""
        self.pause(member)
        member.stop()

    def resume(self, member: Member) -> None:
        """Deliver again to a member that could not leave, unless it was removed meanwhile."""
        if member.state is MemberState.STOPPED:
            member.resume()
            self.feed(member)

    # Live members

    def deliver(self, entries: list[Entry]) -> None:
        """Give live members entries that come after all they have got."""
        if not entries:
            return
        ring, counts = self._known.ring, self._counts
        assert ring is not None
        count = len(entries)
        counts.entries += count
        for encoder in self.live:
            live = self.live[encoder]
            self._fan_out(live.values(), encoder.entries(self._name, ring.top.epoch, entries))
            counts.deliveries += len(live) * count

    def tell_gap(self, after: Position, entries: list[Entry]) -> None:
        """Tell live members that entries are missing between ``after`` and those that follow."""
        ring = self._known.ring
        assert ring is not None
        self._counts.gaps += 1
        position = ring.position_of(entries[0]) if entries else ring.top
        gap = Gap(room=self._name, after=str(after), position=str(position))
        for encoder, live in self.live.items():
            self._fan_out(live.values(), encoder.event(gap))

    def separate(self) -> None:
        """Let live members read by themselves if they have seen other entries than the rest."""
        for live in list(self.live.values()):
            for member in [member for member in live if member.seen is not None]:
                self.pause(member)

    # Members behind

    def feed_all(self, synced: bool = False) -> None:
        """Feed all members that are behind."""
        for member in list(self.behind):
            self.feed(member, synced)

    def feed(self, member: Member, synced: bool = False) -> None:
        """Bring a member that is behind nearer to the top, and make it live when it is there.

        There is no other way to catch up: for a continued session, for a slow reader, and for a
        member that joined at a position which this node has not reached yet. ``synced``: the log
        has just been read; it may never get to that position, because Redis went back.
        """
        known, cursor = self._known, member.cursor
        ring = known.ring
        if cursor is None or ring is None or known.syncing:
            return
        if not member.is_fed or member.reading or member.transport.paused:
            return
        if member.seen is None and (seen := known.seen_before_fork(cursor, member.branch)):
            member.note_seen(seen)
        if self._has_all(member, cursor):
            self._complete(member)
        elif ring.holds(cursor) and not known.is_ambiguous(cursor, member.branch):
            if cursor.offset == ring.top.offset:
                self._make_live(member)
            else:
                page = ring.after(cursor, FEED_ENTRIES)
                self._send(member, page, ring.top.epoch, known.branch)
        elif (
            synced
            or member.unverified
            or cursor.epoch != ring.top.epoch
            or cursor.offset <= ring.top.offset
        ):
            self._read(member, cursor)
        # Else it joined at a position ahead of this node: the frame is on its way.

    def _make_live(self, member: Member) -> None:
        if member.is_leaving:
            return  # What comes before its own `left` is on its way.
        member.go_live()
        self.behind.pop(member, None)
        self.live.setdefault(member.encoder, {})[member] = member.transport

    def _has_all(self, member: Member, cursor: Position) -> bool:
        """Say whether a member that leaves, and has read to ``cursor``, has all before its end."""
        known, end = self._known, member.end
        if end is None or cursor.offset < end.offset - 1:
            return False
        if known.is_ambiguous(cursor, member.branch):
            return False
        return known.has(end) and known.has(cursor, member.branch)

    def _complete(self, member: Member) -> None:
        """Remove a member that has got everything before its own `left`."""
        member.note_complete()
        self.release(member)

    def _read(self, member: Member, cursor: Position) -> None:
        """Read from the log what the ring does not have."""
        member.begin_read()
        done = partial(self._on_read, member, cursor)
        # Not more bytes than are sent at a time: the rest would be read a second time.
        self._broker.read(self._log, cursor, member.branch, FEED_ENTRIES, done, FEED_BYTES)

    def _on_read(self, member: Member, cursor: Position, reply: Slice | Failure) -> None:
        known = self._known
        member.end_read()
        # A member that was stopped meanwhile reads it again once it is known where it left.
        if member not in self.behind or member.cursor != cursor or not member.is_fed:
            return
        if isinstance(reply, Failure) or reply.top is None:
            known.mark_stale()
            return
        gap = _is_gap(cursor, reply, reply.top)
        if gap and not reply.fork and self._broker.unhealed(self._log):
            # Other nodes may yet put back what this member has not read.
            known.mark_stale()
            return
        if reply.fork:
            member.note_seen(SeenBranch(reply.lost, reply.fork, cursor.offset))
        known.note_moved(reply.moved)
        if gap:
            self._tell_gap(member, cursor, reply, reply.top)
        member.verify()
        if reply.entries:
            self._send(member, reply.entries, reply.top.epoch, reply.branch)
        elif cursor.offset == 0 and known.is_another(reply.top):
            known.mark_stale()  # A later gap has to name where this client is.
        else:
            member.advance(reply.top, reply.branch)
            if known.is_ambiguous(reply.top, reply.branch):
                known.mark_stale()  # The log is in another branch by now.
            else:
                self.feed(member)

    def _tell_gap(self, member: Member, cursor: Position, reply: Slice, top: Position) -> None:
        """Tell a member that entries are missing between its cursor and those that follow."""
        self._counts.gaps += 1
        entries = reply.entries[:FEED_ENTRIES]
        new = self._known.marked(member.seen, member.unseen(entries))
        position = Position(top.epoch, new[0].offset, new[0].id) if new else top
        gap = Gap(room=self._name, after=str(cursor), position=str(position))
        member.transport.write(member.encoder.event(gap))

    def _send(self, member: Member, entries: list[Entry], epoch: bytes, branch: bytes) -> None:
        """Send a member the first of some entries, as many as it may get at a time."""
        entries = _page(entries)
        cursor = Position(epoch, entries[-1].offset, entries[-1].id)
        left = False
        if member.end is not None:
            ids = [entry.id for entry in entries]
            if left := member.end.id in ids:
                entries = entries[: ids.index(member.end.id)]
        member.advance(cursor, branch)
        new = member.unseen(entries)
        if new:
            self._counts.deliveries += len(new)
            marked = self._known.marked(member.seen, new)
            member.transport.feed(member.encoder.entries(self._name, epoch, marked))
        if left:
            # Perhaps at another position than ``end``: it may have been lost, and put back.
            self._complete(member)
        elif not new or self._has_all(member, cursor):
            self.feed(member)


def _is_gap(cursor: Position, reply: Slice, top: Position) -> bool:
    """Say whether entries after a cursor are missing in what was read there."""
    if reply.on:
        return False
    first = reply.entries[0].offset if reply.entries else top.offset + 1
    if reply.fork:
        return first > reply.fork
    return cursor.offset > 0 or first > 1


def _page(entries: list[Entry]) -> list[Entry]:
    """Return the first of some entries, up to what a transport takes without a pause."""
    size = 0
    for count, entry in enumerate(entries, 1):
        size += len(entry.body)
        if size >= FEED_BYTES:
            return entries[:count]
    return entries
