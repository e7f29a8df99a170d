"""How long Redis has been answering: whether others had the time to do what they have to do."""


class Contact:
    """Keeps the time since when Redis answers, with and without breaks of the connection.

    Whoever can reach Redis renews its lease once a second. So what keeps others from it is a Redis
    that does not answer, or one that has gone back to where it was before they did; and not the
    connection of this node, which may break as often as it likes.
    """

    def __init__(self, longest: float = 4.0) -> None:
        self.since: float | None = None
        """Since when it has been answering without a break."""
        self._longest = longest
        """Seconds between two answers, after which others may not have been answered either."""
        self._steady_since: float | None = None
        self._asked = 0.0
        self._same = False

    def answered(self, asked: float, now: float) -> None:
        """Redis has answered what it was asked then."""
        if self.since is None:
            self.since = now
        if self._steady_since is None or now - self._asked > self._longest:
            self._steady_since = now
        self._asked = asked

    def lost(self) -> None:
        """The connection is lost: on the next one there may be another Redis, or an older one."""
        self.since = None
        self._same = False

    def found(self, now: float, same: bool) -> None:
        """Redis knows of what this node did before (``same``), or has gone back, or we cannot tell.

        It may not know yet what others did a little later; that is less than the longest break.
        """
        self._same = True
        if not same:
            self._steady_since = now

    def unbroken(self, now: float, seconds: float) -> bool:
        """Say whether Redis has been answering for so long without a break."""
        return self.since is not None and now - self.since >= seconds

    def steady(self, now: float, seconds: float) -> bool:
        """Say whether everybody else could reach Redis for so long, and it remembers it."""
        if self.since is None or self._steady_since is None or not self._same:
            return False
        return now - self._steady_since >= seconds
