"""Follows a log: takes its frames in order, finds holes, and notices when Redis went back."""

from functools import partial

from node.core.config import CoreCounts
from node.core.entries import Append, Entry, Frame, Position, Slice
from node.core.interfaces import Broker
from node.core.model import Done, Failure
from node.core.rooms.comparison import READ_ENTRIES
from node.core.rooms.healing import Healing
from node.core.rooms.known_log import KnownLog
from node.core.rooms.merge import Found
from node.core.rooms.readers import Readers
from node.core.rooms.unconfirmed import Unconfirmed

TAIL_ENTRIES = 100
"""Newest entries that are read of a log when a node begins to follow it."""
HELD_FRAMES = 1000
"""Frames kept while the log is being read; more are dropped, and read afterwards."""
UNCONFIRMED = 1000
"""Appends whose frames are waited for; with more, the log is read instead."""


class LogFollower:
    """Keeps what is known of a log up to date, and hands its entries to the readers, in order.

    ``unconfirmed`` has this node's own appends whose frames have not come yet.
    """

    __slots__ = (
        *("unconfirmed", "_name", "_log", "_known", "_readers", "_broker", "_counts", "_healing"),
        *("_held", "_missed"),
    )

    def __init__(
        self,
        name: str,
        log: str,
        known: KnownLog,
        readers: Readers,
        broker: Broker,
        counts: CoreCounts,
    ) -> None:
        self.unconfirmed = Unconfirmed()
        self._name = name
        self._log = log
        self._known = known
        self._readers = readers
        self._broker = broker
        self._counts = counts
        self._healing = Healing(log, broker, known, self.unconfirmed)
        self._held: list[Frame] = []
        self._missed = False

    # Frames

    def receive(self, frame: Frame) -> None:
        """Take a frame: deliver it if it continues the log, else find out why it does not."""
        known = self._known
        ring = known.ring
        if known.syncing or ring is None:
            if len(self._held) < HELD_FRAMES:
                self._held.append(frame)
            else:
                self._missed = True
            return
        top = ring.top
        if frame.branch != (known.branch or frame.epoch):
            # Entries were put back; or the frame is of a branch that the log has lost.
            self.sync()
        elif frame.first == top.offset + 1 and frame.prev == top.id and frame.epoch == top.epoch:
            if not known.branch:
                known.name_branch(frame.branch)
            self._accept(frame.entries)
        elif frame.epoch == top.epoch and frame.first <= top.offset:
            self._overlap(frame, top)
        else:
            # Higher: a hole. Another epoch: another log. Either way the log is read, with the
            # entries of this frame; if it does not have them, nobody waits for them.
            self.sync()

    def _overlap(self, frame: Frame, top: Position) -> None:
        """Take a frame that begins at or before the top: a repeat, unless Redis went back."""
        new = [entry for entry in frame.entries if entry.offset > top.offset]
        last = frame.entries[len(frame.entries) - len(new) - 1]
        if not self._known.has(Position(top.epoch, last.offset, last.id)):
            self.sync()
        elif new:
            self._accept(new)

    def _accept(self, entries: list[Entry]) -> None:
        """Deliver entries that come right after the top."""
        known, readers = self._known, self._readers
        ring = known.ring
        assert ring is not None
        new = entries
        for entry in entries:
            if entry.original_positions:
                readers.separate()
                new = known.unseen_of(entries)
                break
        ring.extend(entries)
        readers.deliver(new)
        if readers.behind:
            readers.feed_all()
        if self._counts.awaited == self._log:
            self._counts.handed_out(new)
        if self.unconfirmed.appends:
            self._confirm(entries)

    # Own entries

    def appended(self, append: Append) -> bool:
        """Take entries that this node has appended, before they are acknowledged.

        They are delivered if they continue the log. Otherwise they are remembered until the frames
        before them have come, or are put back if it turns out that the log does not have them.
        Return whether they have been delivered.
        """
        frame, last = append.frame, append.frame.entries[-1]
        known = self._known
        ring = None if known.syncing else known.ring
        if ring is not None and frame.epoch == ring.top.epoch:
            if frame.first == ring.top.offset + 1 and frame.prev == ring.top.id:
                self._accept(frame.entries)
                return True
            if ring.has(last.offset, last.id):
                return True
        self._remember(append)
        return False

    def _remember(self, append: Append) -> None:
        """Remember entries until the frames before them have come."""
        known, own, frame = self._known, self.unconfirmed, append.frame
        own.add(append, frame.branch or known.branch_of(frame.epoch))
        top = known.top
        if top is not None and not known.syncing:
            if own.displaced(top) or len(own) > UNCONFIRMED:
                self.sync()

    def _confirm(self, entries: list[Entry]) -> None:
        """Entries have come: some own ones may be among them, or come right after them."""
        known, own = self._known, self.unconfirmed
        assert known.ring is not None
        own.confirm(entries)
        if not own.appends or known.syncing:
            return
        top = known.ring.top
        if own.displaced(top):
            self.sync()
        elif (frame := own.next(top)) is not None:
            self._accept(frame.entries)

    # Reading the log

    def sync(self) -> None:
        """Read from the log what is missing here."""
        known = self._known
        if known.syncing:
            self._missed = True
            return
        known.begin_sync()
        known.mark_stale(False)
        self._missed = False
        self._healing.begin()
        if known.ring is None:
            self._broker.tail(self._log, TAIL_ENTRIES, self._on_tail)
        else:
            self._read(self._on_read)

    def rewound(self) -> None:
        """Read the log because an append was refused; it is repeated after that read."""
        if not self._known.syncing:
            self.sync()

    def _on_tail(self, reply: Slice | Failure) -> None:
        if isinstance(reply, Failure):
            self._failed()
        elif reply.top is None:
            self._begin_log()
        else:
            self._known.take_tail(reply, reply.top)
            self._synced()
            if self._counts.awaited == self._log:
                self._counts.handed_out(reply.entries)

    def _begin_log(self) -> None:
        """Make a room's log if Redis forgot it before this node has read it.

        Not if the room has ended, or if other nodes may still remember it.
        """
        own = self.unconfirmed
        if self._broker.unhealed(self._log) or (self._readers.empty and not own.appends):
            self._failed()
        elif own.appends:
            self._healing.put_back(own.missing_log(), self._on_healed)
        else:
            self._broker.begin(self._name, self._on_begun)

    def _on_begun(self, reply: bool | Failure) -> None:
        if isinstance(reply, Failure):
            self._failed()
        else:
            self._broker.tail(self._log, TAIL_ENTRIES, self._on_tail)

    def _read(self, done: Done[Slice]) -> None:
        """Read a page after the top."""
        ring = self._known.ring
        assert ring is not None
        self._broker.read(self._log, ring.top, self._known.branch, READ_ENTRIES, done)

    def _on_read(self, reply: Slice | Failure) -> None:
        if isinstance(reply, Failure):
            self._failed()
            return
        if not reply.on:
            self._healing.run(reply, partial(self._on_compared, reply.fork))
            return
        self._known.take_page(reply)
        if reply.entries:
            self._counts.holes_healed += 1
            self._accept(reply.entries)
        if reply.is_last:
            self._synced()
        else:
            self._read(self._on_read)

    def _on_compared(self, fork: int, outcome: Found | int | Failure) -> None:
        """The log does not hold the known top; nothing is left that has to be put back."""
        if not isinstance(outcome, Found):
            self._on_healed(outcome)
            return
        self._readers.separate()
        switch = self._known.switch(outcome, fork)
        if switch.gap:
            self._readers.tell_gap(switch.before, switch.entries)
        self._readers.deliver(switch.entries)
        self._synced()

    def _on_healed(self, reply: int | Failure) -> None:
        """Read the log again after entries were put back."""
        if isinstance(reply, Failure) or self._known.ring is None:
            self._failed()
            return
        if reply:
            self._counts.rewinds_healed += 1
        self._read(self._on_reread)

    def _on_reread(self, reply: Slice | Failure) -> None:
        if isinstance(reply, Slice) and reply.top is None:
            # Not for now: an inbox whose session has to be put back first, or has ended.
            self._failed()
        else:
            self._on_read(reply)

    def _failed(self) -> None:
        """The log could not be read; the next tick, or head poll, tries again."""
        self._known.end_sync()
        self._known.mark_stale()

    def _synced(self) -> None:
        """The log has been read to its end: take the frames that came meanwhile."""
        known = self._known
        known.end_sync()
        held, self._held = self._held, []
        for frame in held:
            self.receive(frame)
        if known.syncing:
            return  # One of them did not continue the log.
        if self._missed:
            self.sync()
        elif known.ring is not None and (missing := self.unconfirmed.missing(known.ring)):
            known.begin_sync()
            self._healing.put_back(missing, self._on_healed)
        else:
            self._readers.feed_all(synced=True)
