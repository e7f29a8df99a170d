"""Our own messages that are neither acknowledged nor refused. Pure."""

from client.tui.buffers import Buffer
from client.tui.rows import Row


class Unsent:
    """The buffer and the row of each message, by its id."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Buffer, Row]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, id: str | None) -> bool:
        return id in self._found

    def add(self, buffer: Buffer, row: Row) -> None:
        """Show a message as pending in a buffer, and remember it by its id."""
        assert row.id is not None
        buffer.post(row)
        self._found[row.id] = (buffer, row)

    def settle(self, id: str) -> tuple[Buffer, Row] | None:
        """Remove a message that was acknowledged or refused, and return it; None if unknown."""
        return self._found.pop(id, None)
