"""Reads back in a buffer: older messages, and the matches of a search."""

from collections.abc import Callable

from client.text.sanitize import safe_line
from client.text.width import cut
from client.tui.buffers import Buffer, Buffers
from client.tui.lookups import PAGE, Lookups
from client.tui.notices import Notices
from client.tui.rows import Anchor, Row
from client.tui.viewport import Viewport
from wire import limits

LINES_BELOW = 3
"""Lines that are shown below a match."""
WORD_COLUMNS = 20
"""Columns of the searched word in the status line."""


class Reading:
    """Scrolls the current buffer back, and fetches older messages where they are needed.

    ``word`` is the text of the last search. ``view`` returns the viewport of the current buffer.
    """

    def __init__(
        self, buffers: Buffers, notices: Notices, lookups: Lookups, view: Callable[[], Viewport]
    ) -> None:
        self.word = ""
        self._buffers = buffers
        self._notices = notices
        self._lookups = lookups
        self._view = view
        self._searched: Buffer | None = None
        self._found: Row | None = None
        self._before: Anchor | None = None
        self._place = ""

    # Older messages

    def scroll(self, pages: int) -> None:
        """Scroll by pages, down if positive; at the top, fetch older messages."""
        view, buffer = self._view(), self._buffers.current
        if pages > 0:
            view.scroll_down(view.page)
            return
        missing = view.scroll_up(view.page)
        if not missing or buffer.is_fetching:
            return

        def scroll_on(rows: list[Row]) -> None:
            if buffer is self._buffers.current:
                self._view().scroll_up(missing)

        self._lookups.fetch_older(buffer, PAGE, scroll_on)

    def start_of(self, row: Row) -> None:
        """Show a row from its first line."""
        self._view().show_from(row)

    def to_end(self) -> None:
        """Show the end of the buffer, and follow it."""
        self._buffers.current.scroll_to(None)

    def history(self, count: int) -> None:
        """Show the messages before those on the screen, so many of them."""
        buffer, top = self._buffers.current, self._view().first()
        missing = count - len(self._older(buffer, top, count))
        if missing <= 0 or buffer.is_whole or buffer.person is not None:
            self._show_older(buffer, top, count)
            return
        self._lookups.fetch_older(
            buffer, missing, lambda rows: self._show_older(buffer, top, count)
        )

    @staticmethod
    def _older(buffer: Buffer, top: Row | None, count: int) -> list[Row]:
        """Return the messages before a row, at most so many; without a row, the newest."""
        rows = buffer.rows
        end = rows.index(top) if top in rows else 0 if top else len(rows)
        older = [row for row in rows[:end] if row.is_message]
        return older[-count:]

    def _show_older(self, buffer: Buffer, top: Row | None, count: int) -> None:
        if buffer is not self._buffers.current:
            return
        if older := self._older(buffer, top, count):
            self._view().show_from(older[0])
        else:
            buffer.scroll_to(None)
            self._notices.notice("There are no older messages.", buffer)

    # Searching

    @property
    def place(self) -> str:
        """Which match is on the screen, as in "fox: 2 of 5", or "fox: no match"; mostly empty."""
        return self._place if self._buffers.current is self._searched else ""

    @property
    def highlighted(self) -> str:
        """The word to highlight in the current buffer; empty without a match on the screen."""
        return self.word if self.place else ""

    def end(self) -> None:
        """End a search, because the user goes on at the end of the buffer."""
        self._searched, self._place = None, ""

    def search(self, word: str) -> None:
        """Show the newest message with a word; for the same word, or none, the next older one.

        Where another search has scrolled up, the way back leads to what was there before that one.
        """
        if word and word.casefold() != self.word.casefold():
            if self._buffers.current.anchor is None:
                self._searched = None
            self._found, self._place = None, ""
            self.word = word
        self.step(1)

    def step(self, steps: int) -> None:
        """Show an older match; a newer one if ``steps`` is negative."""
        if not self.word:
            self._complain("There is no search yet; /search WORD begins one.")
            return
        buffer = self._buffers.current
        if buffer is not self._searched:
            self._searched, self._found, self._before = buffer, None, buffer.anchor
            self._place = ""
        matches = [row for row in buffer.everything if self._matches(row)]
        now = matches.index(self._found) if self._found in matches else len(matches)
        if 0 <= now - steps < len(matches):
            self._show(buffer, matches, now - steps)
        elif steps < 0 or buffer.is_whole or buffer.person is not None:
            self._stay(buffer, matches, now, "no newer one" if steps < 0 else "no older one")
        else:
            self._fetch(buffer, steps)

    def back(self) -> bool:
        """Return to what was on the screen before the search; False if there is no search here."""
        if self._searched is None or self._searched is not self._buffers.current:
            return False
        self._searched.scroll_to(self._before)
        self.end()
        return True

    def _matches(self, row: Row) -> bool:
        is_said = row.is_message or row.quotes
        return is_said and self.word.casefold() in f"{row.nick} {row.text}".casefold()

    def _show(self, buffer: Buffer, matches: list[Row], index: int) -> None:
        self._found = matches[index]
        self._view().show(self._found, LINES_BELOW)
        # There may be further ones among the messages that were not fetched.
        more = "" if buffer.is_whole or buffer.person is not None else "+"
        self._place = f"{self._shown_word}: {len(matches) - index} of {len(matches)}{more}"

    @property
    def _shown_word(self) -> str:
        return cut(safe_line(self.word), WORD_COLUMNS)

    def _stay(self, buffer: Buffer, matches: list[Row], now: int, why: str) -> None:
        if now < len(matches):
            self._show(buffer, matches, now)
            self._place += f", {why}"
        elif buffer.anchor is not None:  # a notice at the end would not be visible
            self._place = f"{self._shown_word}: no match"
        else:
            self.end()
            self._complain(f"No message here contains {safe_line(self.word)}.")

    def _fetch(self, buffer: Buffer, steps: int) -> None:
        """Fetch older messages, and search on in them."""
        oldest = buffer.oldest

        def again(rows: list[Row]) -> None:
            if buffer is self._buffers.current and (buffer.oldest != oldest or buffer.is_whole):
                self.step(steps)

        self._lookups.fetch_older(buffer, limits.HISTORY, again)

    def _complain(self, trouble: str) -> None:
        self._buffers.current.scroll_to(None)  # so that the error is visible
        self._notices.error(trouble)
