"""Entries that this node appended to a log, until it has received them as every other node does.

The reply to an append comes on another connection than the frame with the entries. If Redis goes
back to an older state between the two, this node may be the only one that knows an acknowledged
entry. So the entry is remembered before it is acknowledged.
"""

from collections.abc import Collection, Iterable

from node.core.entries import START, Append, Entry, Frame, Lost, Position
from node.core.rooms.merge import common_until, first_part
from node.core.rooms.ring import Ring


class Unconfirmed:
    """The appends of this node to one log whose frames have not come yet, oldest first."""

    __slots__ = ("appends", "_old")

    def __init__(self, appends: Iterable[Append] = ()) -> None:
        self.appends = list(appends)
        self._old: Append | None = None

    def __len__(self) -> int:
        return len(self.appends)

    def add(self, append: Append, branch: bytes) -> None:
        """Remember an append to a branch of the log."""
        self.appends.append(append._replace(frame=append.frame._replace(branch=branch)))

    @property
    def branch(self) -> tuple[bytes, bytes]:
        """Epoch and branch of the oldest append."""
        frame = self.appends[0].frame
        return frame.epoch, frame.branch

    def in_branch(self, epoch: bytes, branch: bytes) -> "Unconfirmed":
        """Return those of the appends that were to one branch."""
        wanted = epoch, branch
        return Unconfirmed(
            one for one in self.appends if (one.frame.epoch, one.frame.branch) == wanted
        )

    @property
    def entries(self) -> list[Entry]:
        """The remembered entries, in the order of their offsets."""
        entries = [entry for append in self.appends for entry in append.frame.entries]
        return sorted(entries, key=lambda entry: entry.offset)

    @property
    def base(self) -> Position:
        """A position before all of the entries that the log held when they were appended."""
        return min((append.base for append in self.appends), key=lambda base: base.offset)

    # While frames are awaited

    def newest_after(self, top: Position) -> Position:
        """Return the newest position that a log, whose frames came up to ``top``, has had.

        As long as an entry has to be put back, that is the position of this entry: it could not be
        put back before what is appended after a later position. An append that was not guarded says
        nothing about what comes before it: it may be in a log that has lost everything else.
        """
        last: Append | None = None
        for append in self.appends:
            if append.guarded:
                last = append
        if last is None:
            return top
        newest = _end_of(last.frame)
        if newest.epoch == top.epoch and newest.offset > top.offset:
            return newest
        for append in self.appends:
            frame = append.frame
            if append.guarded and (frame.epoch != top.epoch or frame.first <= top.offset):
                return _end_of(frame)
        return top

    def next(self, top: Position) -> Frame | None:
        """Return the append that comes right after ``top``, None if there is no such append."""
        for append in self.appends:
            frame = append.frame
            if frame.prev == top.id and frame.first == top.offset + 1 and frame.epoch == top.epoch:
                return frame
        return None

    def confirm(self, entries: Iterable[Entry]) -> None:
        """Forget the appends that are among these entries of the log."""
        self.confirm_ids({entry.id for entry in entries})

    def confirm_ids(self, ids: Collection[bytes]) -> None:
        """Forget the appends whose last entries have these ids."""
        self.appends = [one for one in self.appends if one.frame.entries[-1].id not in ids]

    def displaced(self, top: Position) -> bool:
        """Say whether the log has another entry in the place of a remembered one."""
        return any(append.frame.first <= top.offset for append in self.appends)

    def overdue(self) -> bool:
        """Say whether the oldest append was there already at the last call of this method."""
        oldest = self.appends[0] if self.appends else None
        waited, self._old = oldest is not None and oldest is self._old, oldest
        return waited

    # What has to be put back

    def missing(self, ring: Ring) -> Lost | None:
        """Return what of these entries a log, read to its end into ``ring``, does not have.

        Appends that the log has are forgotten. Of the others, those to one branch are returned; all
        of them were in the log before it was read.
        """
        self.appends = [one for one in self.appends if not _is_in(ring, one.frame)]
        if not self.appends:
            return None
        own = self.in_branch(*self.branch)
        epoch, branch = own.branch
        # The base of what was appended before anything was known of the log has no epoch.
        base = own.base._replace(epoch=epoch)
        if epoch != ring.epoch:
            base = START._replace(epoch=epoch)
        else:
            if not (base.offset < ring.base.offset or ring.holds(base)):
                base = ring.base
            base = common_until(base, ring.entries, own.entries[0].at)
        return Lost(base, ring.top, branch, first_part(own.entries))

    def missing_log(self) -> Lost:
        """Return what is put back if the log does not exist: the entries of one branch."""
        epoch, branch = self.branch
        entries = self.in_branch(epoch, branch).entries
        return Lost(START._replace(epoch=epoch), START, branch, first_part(entries))


def _end_of(frame: Frame) -> Position:
    return Position(frame.epoch, frame.entries[-1].offset, frame.entries[-1].id)


def _is_in(ring: Ring, frame: Frame) -> bool:
    last = frame.entries[-1]
    if any(entry.id == last.id for entry in reversed(ring.entries)):
        return True
    # What is older than the ring was received, or trimmed, before the log was read to its end.
    return frame.epoch == ring.epoch and last.offset <= ring.base.offset
