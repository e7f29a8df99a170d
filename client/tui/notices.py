"""Notices of the client itself, as rows of a buffer. Pure except for the clock."""

from collections.abc import Callable

from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Kind, Row


class Notices:
    """Adds notices to the buffers; ``now_ms`` is a clock of the day in milliseconds.

    ``show`` scrolls the current buffer so that a row is seen from its first line.
    """

    def __init__(
        self,
        buffers: Buffers,
        now_ms: Callable[[], int],
        show: Callable[[Row], None] = lambda row: None,
    ) -> None:
        self._buffers = buffers
        self._now_ms = now_ms
        self._show = show

    def notice(self, text: str, buffer: Buffer | None = None) -> None:
        """Add a notice, by default to the current buffer."""
        (buffer or self._buffers.current).add(Row(Kind.NOTICE, text, at=self._now_ms()))

    def answer(self, text: str) -> None:
        """Add the answer to a command; one that is longer than the screen is read from its start.

        Where the user has scrolled up, as to the first page of the same list, that stays.
        """
        row = Row(Kind.NOTICE, text, at=self._now_ms())
        self._buffers.current.add(row)
        if self._buffers.current.anchor is None:
            self._show(row)

    def error(self, text: str) -> None:
        """Add an error to the current buffer."""
        self._buffers.current.add(Row(Kind.ERROR, text, at=self._now_ms()))
