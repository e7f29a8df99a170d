"""The part of a window that is seen: so many lines, up to an anchor. Pure."""

from collections.abc import Iterator

from client.look import Look
from client.rows import Line, Painter, Row
from client.windows import Anchor, Window


class View:
    """A window in a space of ``width`` columns and ``height`` lines."""

    def __init__(self, window: Window, look: Look, width: int, height: int, word: str = "") -> None:
        self._window = window
        self._height = max(1, height)
        self._painter = Painter(look, max(8, width), word)
        self._rows = window.everything

    def lines(self) -> list[Line]:
        """Return what is seen, exactly as many lines as there is space; few ones stand at the end.

        The window's anchor is the last line; one that is gone is given up.
        """
        seen = []
        for _, _, line in self._upward():
            seen.append(line)
            if len(seen) == self._height:
                break
        return [[]] * (self._height - len(seen)) + seen[::-1]

    def scroll_up(self, count: int) -> bool:
        """Move up by so many lines; return whether the beginning of what is here was reached."""
        above: list[Anchor] = []
        for row, number, _ in self._upward():
            above.append(Anchor(row, number))
            if len(above) == self._height + count:
                break
        most = len(above) - self._height
        if most > 0:
            self._window.anchor = above[min(count, most)]
        return most < count

    def scroll_down(self, count: int) -> None:
        """Move down by so many lines; at the end the window follows what is said again."""
        window = self._window
        if window.anchor is None:
            return
        below = self._downward(window.anchor)
        for _ in range(count):
            if (found := next(below, None)) is None:
                window.anchor = None
                return
            window.anchor = found

    def show(self, row: Row) -> None:
        """Scroll so that a row stands in the middle."""
        window = self._window
        window.anchor = Anchor(row, len(self._of(self._rows.index(row))) - 1)
        self.scroll_down(self._height // 2)

    def below(self) -> int:
        """Return how many rows come after the last line that is seen."""
        place = self._anchored()
        return 0 if place is None else len(self._rows) - 1 - place

    def _of(self, place: int) -> list[Line]:
        """Return the lines of a row."""
        before = self._rows[place - 1] if place else None
        unread = before is not None and before is self._window.unread_after
        return self._painter.lines(self._rows[place], before, unread)

    def _anchored(self) -> int | None:
        anchor = self._window.anchor
        if anchor is None:
            return None
        try:
            return self._rows.index(anchor.row)
        except ValueError:
            self._window.anchor = None
            return None

    def _upward(self) -> Iterator[tuple[Row, int, Line]]:
        """Yield the lines from the anchor upward: row, number within it, the line."""
        place = self._anchored()
        anchor = self._window.anchor
        last = None if anchor is None else anchor.line
        for number in range(len(self._rows) - 1 if place is None else place, -1, -1):
            lines = self._of(number)
            # It may have fewer lines than it had, in a wider space.
            end = len(lines) if last is None else min(last + 1, len(lines))
            last = None
            for line in range(end - 1, -1, -1):
                yield self._rows[number], line, lines[line]

    def _downward(self, anchor: Anchor) -> Iterator[Anchor]:
        """Yield the lines below an anchor."""
        first = anchor.line + 1
        for number in range(self._rows.index(anchor.row), len(self._rows)):
            for line in range(first, len(self._of(number))):
                yield Anchor(self._rows[number], line)
            first = 0
