"""How long Redis has been answering, and so whether other nodes could renew their leases."""


class Contact:
    """Knows since when Redis answers, with and without breaks of the connection.

    A node that can reach Redis renews its lease once a second. What keeps other nodes from it is a
    Redis that does not answer, or one that has gone back to a state before their renewals. That the
    connection of this node breaks has no effect on them.
    """

    def __init__(self, longest: float = 4.0) -> None:
        self.since: float | None = None
        """Since when Redis has been answering without a break of the connection."""
        self.breaks = 0
        """How often the connection was lost."""
        self._longest = longest
        """Seconds between two replies after which other nodes may have had none either."""
        self._steady_since: float | None = None
        self._asked = 0.0
        self._same = False

    def answered(self, asked: float, now: float) -> None:
        """Note that Redis has answered a call that was made at ``asked``."""
        if self.since is None:
            self.since = now
        if self._steady_since is None or now - self._asked > self._longest:
            self._steady_since = now
        self._asked = asked

    def lost(self) -> None:
        """Note that the connection is lost: the next one may reach another Redis, or older data."""
        self.since = None
        self.breaks += 1
        self._same = False

    def withheld(self) -> None:
        """Note that Redis answers, but that other nodes may not have been able to renew leases."""
        self._steady_since = None

    def found(self, now: float, same: bool) -> None:
        """Note whether Redis still has what this node wrote before (``same``).

        It may have lost what other nodes wrote a little later, within less than the longest break.
        """
        self._same = True
        if not same:
            self._steady_since = now

    def answers(self, now: float, within: float) -> bool:
        """Say whether Redis has run a call of the last seconds; each is asked once a second."""
        return self.since is not None and now - self._asked <= within

    def unbroken(self, now: float, seconds: float) -> bool:
        """Say whether Redis has been answering for so many seconds without a break."""
        return self.since is not None and now >= self.since + seconds

    def left(self, now: float, seconds: float) -> float:
        """Return in how many seconds that is so, if the connection does not break."""
        return seconds if self.since is None else max(0.0, self.since + seconds - now)

    def steady(self, now: float, seconds: float) -> bool:
        """Say whether all other nodes could reach Redis for so long, and Redis remembers it."""
        if self.since is None or self._steady_since is None or not self._same:
            return False
        return now - self._steady_since >= seconds
