"""The visible lines of a buffer. Pure."""

from collections.abc import Iterator
from itertools import islice

from client.text.theme import Theme
from client.tui.buffers import Buffer
from client.tui.rows import Anchor, Line, Painter, Row


class Viewport:
    """The part of a buffer that fits into ``width`` columns and ``height`` lines."""

    def __init__(
        self, buffer: Buffer, theme: Theme, width: int, height: int, word: str = ""
    ) -> None:
        self._buffer = buffer
        self._height = max(1, height)
        self._painter = Painter(theme, max(8, width), word)
        self._rows = buffer.everything

    def lines(self) -> list[Line]:
        """Return the visible lines, exactly ``height`` of them; too few are at the bottom.

        The last line is the buffer's anchor. An anchor whose row is gone is dropped; one with too
        few lines above it moves down.
        """
        seen = list(islice(self._upward(), self._height))
        if len(seen) < self._height and self._buffer.anchor is not None:
            self.scroll_down(self._height - len(seen))
            seen = list(islice(self._upward(), self._height))
        return [[]] * (self._height - len(seen)) + [line for _, line in reversed(seen)]

    @property
    def page(self) -> int:
        """How many lines a page has: one stays on the screen."""
        return max(1, self._height - 1)

    def scroll_up(self, count: int) -> int:
        """Scroll up by ``count`` lines; return how many of them are missing."""
        above = [anchor for anchor, _ in islice(self._upward(), self._height + count)]
        most = max(0, len(above) - self._height)
        if most:
            self._buffer.scroll_to(above[most])
        return count - most

    def scroll_down(self, count: int) -> None:
        """Scroll down by ``count`` lines; at the end the buffer follows new rows again."""
        buffer = self._buffer
        if buffer.anchor is None:
            return
        below = self._downward(buffer.anchor)
        for _ in range(count):
            if (found := next(below, None)) is None:
                buffer.scroll_to(None)
                return
            buffer.scroll_to(found)
        if next(below, None) is None:
            buffer.scroll_to(None)

    def first(self) -> Row | None:
        """Return the first row that is visible, fully or partly; None if there is none."""
        seen = [anchor for anchor, _ in islice(self._upward(), self._height)]
        return seen[-1].row if seen else None

    def show_from(self, row: Row) -> None:
        """Scroll so that a row is at the top, if there are enough rows below it."""
        lines = len(self._of(self._rows.index(row)))
        self._buffer.scroll_to(Anchor(row, lines - 1))
        self.scroll_down(self._height - 1)

    def show(self, row: Row, below: int) -> None:
        """Scroll so that a row is visible, with up to ``below`` lines under it."""
        lines = len(self._of(self._rows.index(row)))
        anchor = Anchor(row)
        under = min(below, max(0, self._height - lines))
        for anchor in islice(self._downward(anchor), under):
            pass
        self._buffer.scroll_to(anchor)

    def below(self) -> int:
        """Return how many rows are below the last visible line, fully or partly."""
        place, anchor = self._anchored(), self._buffer.anchor
        if place is None or anchor is None:
            return 0
        return len(self._rows) - 1 - place + (anchor.hidden > 0)

    def _of(self, place: int) -> list[Line]:
        """Return the lines of a row."""
        before = self._rows[place - 1] if place else None
        unread = before is not None and before is self._buffer.unread_after
        return self._painter.lines(self._rows[place], before, unread)

    def _anchored(self) -> int | None:
        anchor = self._buffer.anchor
        if anchor is None:
            return None
        try:
            return self._rows.index(anchor.row)
        except ValueError:
            self._buffer.scroll_to(None)
            return None

    def _upward(self) -> Iterator[tuple[Anchor, Line]]:
        """Yield the lines from the anchor upwards, each with its own anchor."""
        place = self._anchored()
        hidden = 0 if self._buffer.anchor is None else self._buffer.anchor.hidden
        for number in range(len(self._rows) - 1 if place is None else place, -1, -1):
            lines = self._of(number)
            # It may have fewer lines than before, because the screen became wider.
            hidden = min(hidden, len(lines) - 1)
            for line in range(hidden, len(lines)):
                yield Anchor(self._rows[number], line), lines[-1 - line]
            hidden = 0

    def _downward(self, anchor: Anchor) -> Iterator[Anchor]:
        """Yield the anchors of the lines below an anchor."""
        hidden: int | None = anchor.hidden
        for number in range(self._rows.index(anchor.row), len(self._rows)):
            lines = len(self._of(number))
            for line in reversed(range(lines if hidden is None else min(hidden, lines - 1))):
                yield Anchor(self._rows[number], line)
            hidden = None
