"""The newest entries of a log, as a node remembers them."""

from collections.abc import Sequence

from node.core.entries import START, Entry, Position


class Ring:
    """The newest entries of a log, without holes.

    ``base`` is the position before them, ``top`` the one after them.
    """

    __slots__ = ("base", "top", "entries", "bytes", "_most", "_most_bytes")

    def __init__(self, base: Position, most: int, most_bytes: int = 1 << 20) -> None:
        self.base = base
        self.top = base
        self.entries: list[Entry] = []
        self.bytes = 0
        self._most = most
        self._most_bytes = most_bytes

    @classmethod
    def ending_at(cls, top: Position, entries: Sequence[Entry], most: int) -> "Ring":
        """Return a ring of the newest entries of a log, whose top is ``top``.

        If the oldest of these entries is not the first one of the log, only its position is used:
        the id of the entry before it is not known.
        """
        base = START._replace(epoch=top.epoch)
        if not entries:
            base = top
        elif entries[0].offset > 1:
            base = Position(top.epoch, entries[0].offset, entries[0].id)
            entries = entries[1:]
        ring = cls(base, most)
        ring.extend(entries)
        ring.top = top
        return ring

    @property
    def epoch(self) -> bytes:
        """The epoch of the log."""
        return self.base.epoch

    def position_of(self, entry: Entry) -> Position:
        """Return the position just after an entry."""
        return Position(self.base.epoch, entry.offset, entry.id)

    def extend(self, entries: Sequence[Entry]) -> None:
        """Append entries that follow; the oldest ones are dropped, a quarter at a time."""
        if entries:
            last = entries[-1]
            self.top = Position(self.base.epoch, last.offset, last.id)
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

    def shed(self, count: int) -> None:
        """Drop the ``count`` oldest entries, because all rings together take too much memory."""
        dropped = self.entries[:count]
        self.bytes -= sum([len(entry.body) for entry in dropped])
        self.base = self.position_of(dropped[-1])
        del self.entries[:count]

    def replace_after(self, offset: int, entries: Sequence[Entry], top: Position) -> None:
        """Replace the entries after ``offset`` by those that the log has there, up to ``top``."""
        keep = max(0, offset - self.base.offset)
        self.bytes -= sum(len(entry.body) for entry in self.entries[keep:])
        del self.entries[keep:]
        self.extend(entries)
        self.top = top

    def holds(self, position: Position) -> bool:
        """Say whether the ring has every entry after ``position``."""
        place = position.offset - self.base.offset
        if position.epoch != self.base.epoch or not 0 <= place <= len(self.entries):
            return position.offset == 0 == self.base.offset
        return self._id_at(place) == position.id or position.offset == 0

    def has(self, offset: int, id: bytes) -> bool:
        """Say whether the ring has the entry of that id at ``offset``."""
        place = offset - self.base.offset
        return 0 <= place <= len(self.entries) and self._id_at(place) == id

    def entry_at(self, offset: int) -> Entry | None:
        """Return the entry at ``offset``, None if the ring does not have it."""
        place = offset - self.base.offset
        return self.entries[place - 1] if 0 < place <= len(self.entries) else None

    def _id_at(self, place: int) -> bytes:
        return self.entries[place - 1].id if place else self.base.id

    def after(self, position: Position, most: int) -> list[Entry]:
        """Return at most ``most`` entries after a position for which ``holds`` is true."""
        start = position.offset - self.base.offset
        return self.entries[start : start + most]
