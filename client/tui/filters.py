"""What the user wants to see: ignored people, words that count as mentions, presence. Pure."""

from collections.abc import Iterable

from client.protocol.names import fold
from client.text.nicks import mentions
from client.tui.rows import Row, message_row
from wire import messages as m

MOST_IGNORED = 1000
"""People who can be ignored; a hostile node may rename one again and again."""


class Filters:
    """Decides what is shown and what is a mention.

    ``words`` are mentions like our own nick; ``presence`` is whether to show who enters and leaves.
    """

    def __init__(
        self, words: Iterable[str] = (), ignored: Iterable[str] = (), presence: bool = True
    ) -> None:
        self.presence = presence
        self._words = tuple(words)
        self._ignored = {fold(nick): nick for nick in ignored}

    @property
    def ignored(self) -> list[str]:
        """The nicks of those who are ignored."""
        return sorted(self._ignored.values())

    def is_ignored(self, nick: str) -> bool:
        """Whether nothing of this person is shown."""
        return bool(self._ignored) and fold(nick) in self._ignored

    def ignore(self, nick: str) -> None:
        """Show nothing more of a person."""
        if len(self._ignored) < MOST_IGNORED:
            self._ignored[fold(nick)] = nick

    def unignore(self, nick: str) -> bool:
        """Show a person again; return whether the person was ignored."""
        return self._ignored.pop(fold(nick), None) is not None

    def renamed(self, old: str, new: str) -> None:
        """Note that somebody has a new nick; who is ignored stays so."""
        if self.is_ignored(old):
            self.ignore(new)

    def row(self, event: m.Message | m.Past | m.Direct, me: str) -> Row:
        """Return the row of a message; ``me`` is our own nick."""
        row = message_row(event, me)
        if not row.mine and any(mentions(event.text, word) for word in self._words):
            row.call()
        return row
