"""Tells the terminal of mentions: by its bell, its title, and notifications on the desktop."""

from collections.abc import Callable

from client.text.sanitize import safe_line
from client.text.width import cut

ALERT_PAUSE = 1.0
"""Least seconds between two alerts: after a reconnect there may be many mentions at once."""
NOTIFY_COLUMNS = 200
"""Columns of a notification; desktops show less."""
NOTIFICATIONS = {
    "off": "",
    "osc9": "\x1b]9;{}\x1b\\",
    "osc777": "\x1b]777;notify;chat;{}\x1b\\",
}
"""The sequences for a notification: iTerm2, kitty, WezTerm and Windows Terminal know OSC 9; rxvt,
VTE, foot and Ghostty OSC 777."""


WITHOUT_TITLE = frozenset({"linux", "eterm-color"})
"""Values of TERM for terminals that would print the sequence of a title."""


class Alerts:
    """Rings, notifies, and counts unread mentions in the window's title.

    ``write`` sends a sequence to the terminal, ``bell`` rings it. ``others`` returns the number of
    mentions in windows that are not looked at. In the current window, mentions count as unread
    until the next key, because nobody may be there.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        bell: Callable[[], None],
        others: Callable[[], int],
        clock: Callable[[], float],
        *,
        rings: bool = True,
        notify: str = "off",
        in_tmux: bool = False,
        has_title: bool = True,
    ) -> None:
        self._write = write
        self._bell = bell
        self._others = others
        self._clock = clock
        self._rings = rings
        self._notification = NOTIFICATIONS[notify]
        self._in_tmux = in_tmux
        self._has_title = has_title
        self._alerted_at = -ALERT_PAUSE
        self._here = 0
        self._shown: int | None = None

    def call(self, text: str, here: bool) -> None:
        """Alert the user; ``here``: the mention is in the current window."""
        self._here += here
        now = self._clock()
        if now - self._alerted_at < ALERT_PAUSE:
            return
        self._alerted_at = now
        if self._rings:
            self._bell()
        if self._notification:
            self._notify(text)

    def typed(self) -> None:
        """Note a key: the user sees the current window."""
        self._here = 0
        self.show_title()

    def show_title(self) -> None:
        """Set the title of the window, if the number of unread mentions has changed."""
        number = self._here + self._others()
        if not self._has_title or number == (self._shown or 0):
            return
        # The first time, the terminal remembers the present title.
        start = "\x1b[22;2t" if self._shown is None else ""
        self._shown = number
        title = f"({number}) chat" if number else "chat"
        self._write(f"{start}\x1b]2;{title}\x1b\\")

    def end(self) -> None:
        """Give the window its old title."""
        if self._shown is not None:
            self._write("\x1b]2;\x1b\\\x1b[23;2t")

    def _notify(self, text: str) -> None:
        sequence = self._notification.format(cut(safe_line(text), NOTIFY_COLUMNS))
        if self._in_tmux:  # it passes on only what is wrapped for it
            sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
        self._write(sequence)
