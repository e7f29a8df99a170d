"""The chat's own time: what deadlines in Redis are points of, whatever becomes of Redis' clock.

Redis adds a shift to its clock (``now_ms`` in common.lua), and renewals of leases look after it
(renew.lua). What a node knows is how much time went by since a renewal told it the time.
"""

from collections.abc import Callable

SLACK = 1.0
"""Seconds by which clocks may disagree: they drift by less while a node is out of touch."""
ALONE_AFTER = 3.0
"""Seconds after which a node that has just begun believes Redis' clock: others, who can tell
whether it was set, would have renewed their leases by then."""


class Clock:
    """Knows the chat's time within bounds: it was told at some moment between two of our own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: tuple[float, float, int] | None = None
        self._doubts_since: float | None = None
        self._certain = False

    def least(self) -> int:
        """Return the time in ms, or a little less; 0 if it is not known."""
        if self._told is None:
            return 0
        _, got, time = self._told
        return time + int((self._clock() - got) * 1000)

    def most(self) -> int:
        """Return the time in ms, or a little more; 0 if it is not known."""
        if self._told is None:
            return 0
        asked, _, time = self._told
        return time + int((self._clock() - asked) * 1000)

    def args(self) -> list[int]:
        """Return what a renewal tells Redis of the time."""
        return [self.least(), self.most(), int(self._certain)]

    def told(self, asked: float, time: int, doubt: int) -> bool:
        """Take the time that a renewal told; say whether to renew again at once.

        A clock in ``doubt`` (what it says, else 0) was set forwards, if it is further on than it
        can be by now; or Redis hung after it was asked, and that is known by now.
        """
        now = self._clock()
        if not doubt:
            self._told, self._doubts_since, self._certain = (asked, now, time), None, False
            return False
        if self._told is None:
            if self._doubts_since is None:
                self._doubts_since = now
            elif now - self._doubts_since >= ALONE_AFTER:
                self._told = asked, now, doubt
            return False
        self._certain = doubt > self.most() + SLACK * 1000
        return True
