"""What the client itself tells the person, as rows of a buffer. Pure but for the clock."""

from collections.abc import Callable

from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Kind, Row


class Notices:
    """Adds notices to the buffers; ``now_ms`` is a clock of the day in milliseconds."""

    def __init__(self, buffers: Buffers, now_ms: Callable[[], int]) -> None:
        self._buffers = buffers
        self._now_ms = now_ms

    def notice(self, text: str, buffer: Buffer | None = None) -> None:
        """Tell something, in the current buffer unless another one is named."""
        (buffer or self._buffers.current).add(Row(Kind.NOTICE, text, at=self._now_ms()))

    def trouble(self, text: str) -> None:
        """Tell of something that went wrong, in the current buffer."""
        self._buffers.current.add(Row(Kind.TROUBLE, text, at=self._now_ms()))
