"""Entries that this node appended to a log, until it has received them as every other node does.

The reply to an append comes on another connection than the frame that tells of it. If Redis goes
back to an older state between the two, this node may be the only one that knows an acknowledged
entry. So the entry is remembered before it is acknowledged.
"""

from collections.abc import Iterable

from node.core.entries import Append, Entry, Frame, Position
from node.core.rooms.ring import Ring


class Unconfirmed:
    """The appends of this node to one log whose frames have not come yet, oldest first."""

    __slots__ = ("_appends", "_old")

    def __init__(self) -> None:
        self._appends: list[Append] = []
        self._old: Append | None = None

    def __len__(self) -> int:
        return len(self._appends)

    def add(self, append: Append, branch: bytes) -> None:
        """Remember an append to a branch of the log."""
        self._appends.append(append._replace(frame=append.frame._replace(branch=branch)))

    @property
    def branch(self) -> tuple[bytes, bytes]:
        """Epoch and branch of the oldest append."""
        frame = self._appends[0].frame
        return frame.epoch, frame.branch

    def in_branch(self, epoch: bytes, branch: bytes) -> "Unconfirmed":
        """Return those of the appends that were to one branch."""
        found = Unconfirmed()
        found._appends = [
            one for one in self._appends if (one.frame.epoch, one.frame.branch) == (epoch, branch)
        ]
        return found

    @property
    def entries(self) -> list[Entry]:
        """The remembered entries, in the order of their offsets."""
        entries = [entry for append in self._appends for entry in append.frame.entries]
        return sorted(entries, key=lambda entry: entry.offset)

    @property
    def newest(self) -> Position:
        """The position of the newest append."""
        frame = self._appends[-1].frame
        return Position(frame.epoch, frame.entries[-1].offset, frame.entries[-1].id)

    @property
    def base(self) -> Position:
        """A position before all of the entries that the log held when they were appended."""
        return min((append.base for append in self._appends), key=lambda base: base.offset)

    def next(self, top: Position) -> Frame | None:
        """Return the append that comes right after ``top``, if there is one."""
        for append in self._appends:
            frame = append.frame
            if frame.prev == top.id and frame.first == top.offset + 1 and frame.epoch == top.epoch:
                return frame
        return None

    def confirm(self, entries: Iterable[Entry]) -> None:
        """Forget the appends that are among these entries of the log."""
        ids = {entry.id for entry in entries}
        self._appends = [one for one in self._appends if one.frame.entries[-1].id not in ids]

    def settle(self, ring: Ring) -> None:
        """Forget the appends that a log, which was read to its end into ``ring``, holds."""
        self._appends = [one for one in self._appends if not _is_in(ring, one.frame)]

    def displaced(self, top: Position) -> bool:
        """Say whether the log has another entry in the place of a remembered one."""
        return any(append.frame.first <= top.offset for append in self._appends)

    def lost(self, top: Position) -> Position | None:
        """Return the position of an append that is lost in a log which ends at ``top``."""
        for append in self._appends:
            frame, last = append.frame, append.frame.entries[-1]
            if frame.epoch != top.epoch or frame.first <= top.offset:
                return Position(frame.epoch, last.offset, last.id)
        return None

    def overdue(self) -> bool:
        """Say whether the oldest append was there already at the last call of this method."""
        oldest = self._appends[0] if self._appends else None
        waited, self._old = oldest is not None and oldest is self._old, oldest
        return waited


def _is_in(ring: Ring, frame: Frame) -> bool:
    last = frame.entries[-1]
    if any(entry.id == last.id for entry in reversed(ring.entries)):
        return True
    # What is older than the ring was received, or trimmed, before the log was read to its end.
    return frame.epoch == ring.epoch and last.offset <= ring.base.offset
