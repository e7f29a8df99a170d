"""What comes into the input line, and what may leave it. Pure but for the notices."""

from collections.abc import Callable

from client.text.pieces import pieces
from client.text.sanitize import clean, safe_word
from client.tui import commands
from client.tui.buffers import Buffers
from client.tui.notices import Notices
from wire import limits

MOST_AT_ONCE = 5
"""Messages that go out at once without a question: more are a paste without brackets."""
PAUSE = 0.5
"""Seconds without a line after which a paste without brackets is over."""
MOST_PIECES = 20
"""Messages that one text may become. Anything longer is a file, for the client as a filter."""


class Entering:
    """Takes pasted text, and asks before a text becomes many messages.

    ``take`` gets the lines that are entered; ``clock`` is in seconds; ``room_to_enter`` returns the
    room that the user asked to enter, until the answer is shown; ``has_begun`` whether a node has
    welcomed the client yet.
    """

    def __init__(
        self,
        buffers: Buffers,
        notices: Notices,
        take: Callable[[str], None],
        clock: Callable[[], float],
        room_to_enter: Callable[[], str | None],
        has_begun: Callable[[], bool] = lambda: True,
    ) -> None:
        self._buffers = buffers
        self._notices = notices
        self._take = take
        self._clock = clock
        self._room_to_enter = room_to_enter
        self._has_begun = has_begun
        self._sent = 0
        self._held_at: float | None = None
        self._offered: tuple[str, str | None] | None = None

    def paste(self, text: str) -> str:
        """Return what to insert for a pasted text; say what was taken out of it."""
        cleaned = clean(text)
        if len(cleaned.text.encode()) > MOST_PIECES * limits.TEXT:
            self._report(f"{too_long(cleaned.text)}: not pasted. {_FILE}")
            return ""
        if cleaned.removed:
            self._notices.notice(f"Removed from the pasted text: {cleaned.removed}.")
        return cleaned.text

    def holds(self, text: str, following: int, more: bool) -> bool:
        """Return whether Enter behind a text is part of a paste, and only begins another line.

        Terminals without bracketed paste send a pasted text as if it was typed. ``following`` is
        how often Enter was received after this one; ``more``: something was received after it.
        """
        if (following or more) and self._is_early(text):
            return True
        now = self._clock()
        # Without a line end the lines that were held are gone: the person has cleared them.
        if self._held_at is not None and now - self._held_at < PAUSE and "\n" in text:
            self._held_at = now
            return True
        self._held_at = None
        if self._sent + 1 + following <= MOST_AT_ONCE:
            # Who types is not ahead of the client: then nothing follows.
            self._sent = self._sent + 1 if more else 0
            return False
        self._sent = 0
        self._held_at = now
        self._report(
            f"More than {MOST_AT_ONCE} messages at once were not sent: their lines are in the input"
            " line. Enter sends them as one message, Ctrl-C clears them."
        )
        return True

    def enter(self, line: str) -> bool:
        """Enter a line, and return whether to clear it; one that is too long stays at first."""
        if self._is_early(line) or not self._may_enter(line, self._buffers.current.name or None):
            return False
        self._take(line)
        return True

    def _is_early(self, line: str) -> bool:
        """Return whether a line has to wait, because it is for a room that is about to be shown."""
        if not commands.is_about_room(line):
            return False
        if (room := self._room_to_enter()) is not None:
            entering = f"the answer to your request to enter {safe_word(room)} is still to come"
            self._report(f"Not sent yet: {entering}. {_STAYS}")
        elif not (self._buffers.current.name or self._has_begun()):
            self._report(f"Not sent yet: there is no connection so far. {_STAYS}")
        else:
            return False
        return True

    def _may_enter(self, line: str, room: str | None) -> bool:
        """Return whether a line may be entered; one that is too long has to be entered twice."""
        try:
            commands.parse(line, room)
        except commands.TooLong as error:
            if self._offered == (line, room):
                self._offered = None
                return True
            count = len(pieces(error.request.text, limits.TEXT))
            if count > MOST_PIECES:
                self._report(f"{too_long(line)}: too long. {_FILE}")
                return False
            self._offered = line, room
            self._report(
                f"{too_long(line)}: too long for one message. Enter sends it as {count} messages,"
                " Ctrl-C clears it."
            )
            return False
        except commands.CommandError:
            pass  # the one who carries it out reports it
        return True

    def _report(self, trouble: str) -> None:
        self._buffers.current.scroll_to(None)  # so that the error is visible
        self._notices.error(trouble)


def too_long(text: str) -> str:
    """Return how long a text is, and how long it may be: "7 kB of 4"; empty if it fits."""
    if len(text) * 4 <= limits.TEXT or (size := len(text.encode(errors="replace"))) <= limits.TEXT:
        return ""
    return f"{-(-size // 1024)} kB of {limits.TEXT // 1024}"


_STAYS = "The line stays below; then Enter sends it."
_FILE = "Use the client as a filter: chat --room ROOM < FILE."
