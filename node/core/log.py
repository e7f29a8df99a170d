"""How a reader goes on in a log that may have been trimmed, taken back, or put together again."""

from collections.abc import Sequence
from typing import NamedTuple

from node.core.ports import START, Entry, Position, Slice


class Onward(NamedTuple):
    """What a reader gets next; ``gap``: something before it is no longer kept."""

    entries: list[Entry]
    gap: bool


def onward(position: Position, found: Slice) -> Onward:
    """Return what comes after ``position`` in a slice that was read for it.

    An entry that was lost and put back at another offset tells where its old log and this one part:
    everything after that place is new to the reader, but for what it had already seen in the old
    log, which is known by its old place. One that a repeated call appended anew before it was put
    back does not tell, but the position is its old place.
    """
    if found.on or found.top is None:
        return Onward(found.entries, False)
    if position.offset == 0:
        return Onward(found.entries, bool(found.entries) and found.entries[0].offset > 1)
    for entry in found.entries:
        if entry.id == position.id:
            break
    else:
        return Onward(found.entries, True)
    if entry.home is None:
        entry.fork = _parted(position, entry, found)
        entry.home = _place(position.epoch, position.offset)
    rest = [
        later
        for later in found.entries
        if later.offset >= entry.fork and not _seen(later, position)
    ]
    return Onward(_in_turn(found.entries, rest), found.entries[0].offset > entry.fork)


def _in_turn(kept: Sequence[Entry], rest: Sequence[Entry]) -> list[Entry]:
    """Return the rest of a log with positions that leave behind what a reader has had of it."""
    told: list[Entry] = []
    new = {entry.offset for entry in rest}
    for entry in kept:
        if entry.offset in new:
            told.append(entry)
        elif told:
            told[-1] = told[-1].told_after(entry)
    return told


def _place(epoch: bytes, offset: int) -> bytes:
    return b"%b-%d" % (epoch, offset)


def _parted(position: Position, entry: Entry, found: Slice) -> int:
    """Return where the log that had ``entry`` at ``position`` and this one part, as far as told."""
    assert found.top is not None
    if position.epoch != found.top.epoch:
        return 1
    forks = [other.fork for other in found.entries if _seen(other, position)]
    return min(entry.offset, position.offset, *forks)


def _seen(entry: Entry, position: Position) -> bool:
    if entry.home is None:
        return False
    epoch, _, offset = entry.home.partition(b"-")
    return epoch == position.epoch and int(offset) <= position.offset


def recall(ring: "Ring", found: Slice) -> None:
    """Give what a repeated call appended anew its old place, as what was put back has it.

    A call whose reply was lost and that Redis forgot is repeated; its entry, which has the id it
    had, may come before those who remember the first one have put it back.
    """
    assert found.top is not None
    same = found.top.epoch == ring.epoch
    known = {old.id: old for old in ring.entries}
    moved, fork = [], min(ring.base.offset, found.top.offset) + 1 if same else 1
    for entry in found.entries:
        old = known.get(entry.id)
        if old is not None and same and entry.offset == old.offset:
            entry.home, entry.fork, fork = old.home, old.fork, entry.offset + 1
        elif old is not None and entry.home is None:
            moved.append((entry, old))
    for entry, old in moved:
        entry.home, entry.fork = _place(ring.epoch, old.offset), fork


class Loss(NamedTuple):
    """What a log lost of what a node remembers: the entries, and where both are still the same."""

    base: Position
    entries: list[Entry]


def loss(ring: "Ring", found: Slice) -> Loss | None:
    """Return what the whole log ``found`` lacks of what ``ring`` holds, None if nothing."""
    if found.top is None:
        return Loss(ring.base, list(ring.entries))
    there = {entry.id for entry in found.entries}
    remembered = _not_trimmed(ring.entries, found.entries)
    if found.top.epoch != ring.epoch:
        lost = [entry for entry in remembered if entry.id not in there]
        return Loss(START._replace(epoch=ring.epoch), lost) if lost else None
    by_offset = {entry.offset: entry.id for entry in found.entries}
    shared = ring.base
    if found.top.offset < shared.offset:
        # More is lost than we remember: ours goes behind what there is.
        shared = found.top
    for entry in reversed(ring.entries):
        if by_offset.get(entry.offset) == entry.id:
            shared = ring.position_of(entry)
            break
    # What is older than the oldest kept one was trimmed, not lost.
    oldest = found.entries[0].offset if found.entries else found.top.offset + 1
    lost = [
        entry
        for entry in remembered
        if entry.id not in there
        and entry.offset > shared.offset
        and (entry.offset >= oldest or entry.offset > found.top.offset)
    ]
    return Loss(shared, lost) if lost else None


def _not_trimmed(ours: list[Entry], kept: list[Entry]) -> list[Entry]:
    """Return our entries without those before the oldest one of a log that was trimmed.

    They may have been put back, more than the log keeps; to put them back again would never end.
    """
    if kept and kept[0].offset > 1:
        for place, entry in enumerate(ours):
            if entry.id == kept[0].id:
                return ours[place:]
    return ours


class Ring:
    """The newest entries of a log, without holes, and the position before them."""

    __slots__ = ("base", "entries", "bytes", "_most", "_most_bytes")

    def __init__(self, base: Position, most: int, most_bytes: int = 1 << 20) -> None:
        self.base = base
        self.entries: list[Entry] = []
        self.bytes = 0
        self._most = most
        self._most_bytes = most_bytes

    @property
    def epoch(self) -> bytes:
        """The epoch of the log."""
        return self.base.epoch

    def position_of(self, entry: Entry) -> Position:
        """Return the position just after an entry."""
        return Position(self.base.epoch, entry.offset, entry.id)

    def extend(self, entries: Sequence[Entry]) -> None:
        """Append entries that follow; the oldest ones are dropped, a quarter at a time."""
        self.entries.extend(entries)
        self.bytes += sum([len(entry.body) for entry in entries])
        if len(self.entries) * 4 > self._most * 5 or self.bytes > self._most_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        drop = max(0, len(self.entries) - self._most)
        size = sum(len(entry.body) for entry in self.entries[:drop])
        while self.bytes - size > self._most_bytes * 3 // 4 and drop < len(self.entries):
            size += len(self.entries[drop].body)
            drop += 1
        if drop:
            self.bytes -= size
            self.base = self.position_of(self.entries[drop - 1])
            del self.entries[:drop]

    def cut(self, offset: int) -> None:
        """Forget the entries after ``offset``."""
        keep = max(0, offset - self.base.offset)
        self.bytes -= sum(len(entry.body) for entry in self.entries[keep:])
        del self.entries[keep:]

    def holds(self, position: Position) -> bool:
        """Say whether everything after ``position`` is here."""
        place = position.offset - self.base.offset
        if position.epoch != self.base.epoch or not 0 <= place <= len(self.entries):
            return position.offset == 0 == self.base.offset
        return self._id_at(place) == position.id or position.offset == 0

    def has(self, offset: int, id: bytes) -> bool:
        """Say whether the entry at ``offset`` is here, and is the one of that id."""
        place = offset - self.base.offset
        return 0 <= place <= len(self.entries) and self._id_at(place) == id

    def _id_at(self, place: int) -> bytes:
        return self.entries[place - 1].id if place else self.base.id

    def after(self, position: Position, most: int) -> list[Entry]:
        """Return at most ``most`` entries after a position that ``holds``."""
        start = position.offset - self.base.offset
        return self.entries[start : start + most]
