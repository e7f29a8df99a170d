"""A log as the scripts keep it, without Redis: for tests that draw its history at random."""

from collections.abc import Sequence
from typing import NamedTuple

from node.core.ports import Entry, Frame, Position, Refused, Slice


class State(NamedTuple):
    """What a snapshot holds."""

    epoch: bytes
    entries: tuple[Entry, ...]
    top: int
    id: bytes


class ModelLog:
    """Appends, heals and reads as common.lua, heal.lua and read.lua do, and never trims."""

    def __init__(self, log: str = "r:lobby") -> None:
        self.log = log
        self.state = State(b"k1", (), 0, b"0")

    @property
    def top(self) -> Position:
        """The newest position."""
        return Position(self.state.epoch, self.state.top, self.state.id)

    def ids(self) -> list[bytes]:
        """Return the ids of all entries, in order."""
        return [entry.id for entry in self.state.entries]

    def append(
        self, parts: Sequence[tuple[bytes, bytes | None, int]], before: Sequence[bytes] = ()
    ) -> Frame:
        """Append entries (id, home, fork); return the frame that tells of them."""
        epoch, entries, top, prev = self.state
        first, new = top + 1, []
        for number, (id, home, fork) in enumerate(parts):
            top += 1
            head = b"m %b 17 -" % id
            if home is not None and home != b"%b-%d" % (epoch, top):
                head += b" %b %d" % (home, fork)
            elif before:
                head += before[number]
            new.append(Entry(top, head, b'"from":"ana","text":"%b"}' % id))
        self.state = State(epoch, (*entries, *new), top, parts[-1][0])
        return Frame(self.log, epoch, first, prev, new)

    def agrees(self, seen: Position | None) -> bool:
        """Say whether the log continues what a node saw (publish.lua)."""
        if seen is None:
            return True
        if seen.epoch != self.state.epoch or seen.offset > self.state.top:
            return False
        return self._id_at(seen.offset) in (None, seen.id)

    def heal(self, base: Position, lost: Sequence[Entry]) -> tuple[int | Refused, Frame | None]:
        """Put lost entries back; return the reply and the frame."""
        epoch, entries, top, id = self.state
        if top == 0 and epoch != base.epoch:
            self.state = State(base.epoch, entries, base.offset, base.id)
            epoch, entries, top, id = self.state
        fork = base.offset + 1
        if epoch != base.epoch:
            fork = 1
        elif base.offset == top:
            if id != base.id:
                return Refused.AGAIN, None
        elif base.offset > top or self._id_at(base.offset) not in (None, base.id):
            return Refused.AGAIN, None
        kept = {entry.id for entry in entries if entry.offset >= fork}
        lost = [entry for entry in lost if entry.id not in kept]
        parts = [(entry.id, b"%b-%d" % (base.epoch, entry.offset), fork) for entry in lost]
        before = [b" %b %d" % (held.home, held.fork) if held.home else b"" for held in lost]
        return len(parts), self.append(parts, before) if parts else None

    def read(self, position: Position, limit: int) -> Slice:
        """Read after a position."""
        epoch, entries, top, id = self.state
        on = False
        if position.offset == 0 or position.epoch == epoch:
            if position.offset == top:
                on = top == 0 or position.id == id
            elif position.offset < top:
                on = position.offset == 0 or self._id_at(position.offset) == position.id
        found = [entry for entry in entries if not on or entry.offset > position.offset]
        return Slice(on, self.top, found[:limit] if on else found)

    def tail(self, limit: int) -> Slice:
        """Read the newest entries."""
        return Slice(True, self.top, list(self.state.entries[-limit:]))

    def _id_at(self, offset: int) -> bytes | None:
        return next((entry.id for entry in self.state.entries if entry.offset == offset), None)
