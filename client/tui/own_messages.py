"""Our own messages in a buffer, from typing to their place in the room. Pure."""

from abc import ABC, abstractmethod

from client.tui.rows import Anchor, Mark, Row

MOST_STRAYS = 1000
"""Own messages per buffer that may still be delivered although they were given up."""


class OwnMessages(ABC):
    """The part of a buffer that is about our own messages.

    ``pending`` are those without a place among the ``rows`` yet, by their ids.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.pending: dict[str, Row] = {}
        self.anchor: Anchor | None = None
        self._strays: dict[str, Row] = {}
        """Messages that were given up, or refused, and may be delivered all the same."""
        self._before_gap: set[str] = set()
        """Pending messages that are older than a gap; those acknowledged later may be in it."""

    @abstractmethod
    def add(self, row: Row) -> None:
        """Append a row."""

    def post(self, row: Row) -> None:
        """Show a message of our own that is on its way; it has an id."""
        self.pending[row.id or ""] = row
        self.anchor = None

    def own(self, id: str) -> Row | None:
        """Return a message of our own that has no place in the room yet."""
        return self.pending.get(id) or self._strays.get(id)

    def place(self, id: str, at: int | None, position: str | None) -> bool:
        """Move a message of our own to its place in the room; return whether there was one."""
        row = self.pending.pop(id, None)
        if row is None:
            if (row := self._strays.pop(id, None)) is None:
                return False
            if row in self.rows:
                self.rows.remove(row)
            row.acknowledge()
        row.place(at, position)
        self.add(row)
        return True

    def gap(self) -> None:
        """Note a gap; acknowledged pending messages move into the rows, because they may be in it.

        One that is delivered after the gap all the same is moved from there to its place.
        """
        self._before_gap = set(self.pending)
        for id, row in list(self.pending.items()):
            if row.mark is Mark.NONE:
                self._stray(id)

    def acknowledged(self, id: str) -> None:
        """Note that a message was acknowledged; if a gap may hold it, it is not waited for."""
        if id in self._before_gap:
            self._stray(id)

    def fail(self, id: str, why: str) -> None:
        """Mark a pending message as not delivered."""
        if (row := self._stray(id)) is not None:
            row.fail(why)

    def _stray(self, id: str) -> Row | None:
        self._before_gap.discard(id)
        if (row := self.pending.pop(id, None)) is not None:
            self.add(row)
            self._strays[id] = row
            if len(self._strays) > MOST_STRAYS:
                del self._strays[next(iter(self._strays))]
        return row

    def failed(self) -> list[Row]:
        """Return the messages that were not delivered."""
        return [row for row in self.rows if row.mark is Mark.FAILED]

    def take_failed(self, row: Row) -> None:
        """Remove an undelivered message, which is about to be posted again."""
        self.rows.remove(row)
        self._strays.pop(row.id or "", None)
        row.resend()
