"""Notices of the client itself, as rows of a buffer. Pure except for the clock."""

from collections.abc import Callable

from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Kind, Row


class Notices:
    """Adds notices to the buffers; ``now_ms`` is a clock of the day in milliseconds."""

    def __init__(self, buffers: Buffers, now_ms: Callable[[], int]) -> None:
        self._buffers = buffers
        self._now_ms = now_ms

    def notice(self, text: str, buffer: Buffer | None = None) -> None:
        """Add a notice, by default to the current buffer."""
        (buffer or self._buffers.current).add(Row(Kind.NOTICE, text, at=self._now_ms()))

    def error(self, text: str) -> None:
        """Add an error to the current buffer."""
        self._buffers.current.add(Row(Kind.ERROR, text, at=self._now_ms()))
