"""Reads a log that is in another branch than a node knows, from their newest common entry on."""

from collections.abc import Callable

from node.core.entries import CURRENT, START, Compared, Entry, Position, Slice
from node.core.interfaces import Broker
from node.core.model import Failure, Fenced
from node.core.rooms.merge import Found
from node.core.rooms.ring import Ring

READ_ENTRIES = 200
"""Entries read from a log at a time."""

TRIES = 3
"""How often the comparison is repeated if the log changes meanwhile."""


class Comparison:
    """Finds the newest common entry of a log and a ring, and reads what the log has after it.

    ``done`` gets the result, or None if there is no such log.
    """

    def __init__(
        self,
        broker: Broker,
        log: str,
        ring: Ring,
        branch: bytes,
        done: Callable[[Found | None | Failure], None],
    ) -> None:
        self._broker = broker
        self._log = log
        self._ring = ring
        self._branch = branch
        self._done = done
        self._entries: list[Entry] = []
        self._tries = TRIES

    def run(self) -> None:
        """Ask the broker; ``done`` is called when all has been read."""
        base = self._ring.base
        ids = [base.id, *[entry.id for entry in self._ring.entries]]
        self._broker.compare(self._log, base, self._branch, ids, self._on_compared)

    def _on_compared(self, reply: Compared | None | Failure) -> None:
        if not isinstance(reply, Compared):
            self._done(reply)
            return
        self._compared = reply
        self._common = self._position(reply.common) if reply.common >= 0 else None
        self._read(self._common or START)

    def _position(self, offset: int) -> Position:
        base = self._ring.base
        if offset == base.offset:
            return base
        return self._ring.position_of(self._ring.entries[offset - base.offset - 1])

    def _read(self, position: Position) -> None:
        self._broker.read(self._log, position, CURRENT, READ_ENTRIES, self._on_page)

    def _on_page(self, reply: Slice | Failure) -> None:
        if isinstance(reply, Failure):
            self._done(reply)
        elif reply.top is None:
            self._done(None)
        elif not reply.on and (self._entries or self._common is not None):
            # Meanwhile Redis went back, or the log was trimmed.
            self._done(Fenced.AGAIN)
        elif self._common is None and reply.top != self._compared.top and not self._entries:
            # Other nodes have put back or appended entries: there may be a common one now.
            if self._tries:
                self._tries -= 1
                self.run()
            else:
                self._done(Fenced.AGAIN)
        else:
            self._entries += reply.entries
            if reply.is_last:
                self._finish(reply, reply.top)
            else:
                last = reply.entries[-1]
                self._read(Position(reply.top.epoch, last.offset, last.id))

    def _finish(self, last: Slice, top: Position) -> None:
        compared = self._compared
        oldest, oldest_id = compared.oldest, compared.oldest_id
        if self._entries and (self._common is None or not oldest):
            oldest, oldest_id = self._entries[0].offset, self._entries[0].id
        if not oldest:
            oldest = top.offset + 1
        found = Found(
            *(top, last.branch, self._common, oldest, oldest_id, self._entries),
            moved=last.moved,
            trimmed=compared.trimmed,
        )
        self._done(found)
