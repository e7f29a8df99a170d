"""Who is in a room, as far as the client knows. Pure."""

from collections.abc import Iterable

from client.protocol.names import fold

MOST_PEOPLE = 1000
"""Names per room; of a larger room only the number is known."""


class People:
    """The members of a room, and their number.

    ``is_stale`` means that the list has to be fetched again. A room that is ``quiet`` does not
    announce everybody, so its number is that of the last list.
    """

    def __init__(self) -> None:
        self.is_stale = False
        self.is_quiet = False
        self._number: int | None = None
        self._nicks: dict[str, str] = {}
        self._is_complete = False
        self._sorted: list[str] | None = None

    @property
    def number(self) -> int | None:
        """How many people are there; None if it is unknown."""
        return len(self._nicks) if self._is_complete else self._number

    @property
    def nicks(self) -> list[str]:
        """The known nicks, sorted."""
        if self._sorted is None:
            self._sorted = [nick for _, nick in sorted(self._nicks.items())]
        return self._sorted

    def joined(self, number: int, quiet: bool) -> None:
        """Note that we joined, or came back: the node says how many people are there."""
        self.is_stale = self.is_stale or self._number is not None
        self.is_quiet = quiet
        self._is_complete = False
        self._number = number

    def looked_at(self) -> None:
        """Note that the room is looked at."""
        self.is_stale = self.is_stale or self.is_quiet

    def asked(self) -> None:
        """Note that the list is being fetched."""
        self.is_stale = False

    def missed(self) -> None:
        """Note that some who entered or left may not have been announced."""
        self.is_stale = True

    def listed(self, nicks: Iterable[str], *, is_first: bool, more: bool) -> bool:
        """Take a page of the members; return whether to fetch the next one."""
        if is_first:
            self._nicks = {}
        self._nicks.update((fold(nick), nick) for nick in nicks)
        is_full = len(self._nicks) >= MOST_PEOPLE
        self._is_complete = not more
        self._sorted = None
        return more and not is_full

    def came(self, nick: str) -> None:
        """Note that somebody entered."""
        self._count(+1)
        if len(self._nicks) < MOST_PEOPLE:
            self._nicks[fold(nick)] = nick
        else:
            self._is_complete = False
        self._sorted = None

    def went(self, nick: str) -> None:
        """Note that somebody left."""
        self._count(-1)
        self._nicks.pop(fold(nick), None)
        self._sorted = None

    def renamed(self, old: str, new: str) -> None:
        """Note the new nick of somebody."""
        if self._nicks.pop(fold(old), None) is not None:
            self._nicks[fold(new)] = new
            self._sorted = None

    def _count(self, change: int) -> None:
        if self._number is not None:
            self._number = max(1, self.number or 1) + change
