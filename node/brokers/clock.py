"""The chat's own time, in which deadlines in Redis are written, also if Redis' clock is set.

Redis adds a shift to its clock (``now_ms`` in parts/clock.lua); renewals of leases adjust the shift
(renew.lua). A node knows the time from its last renewal, and how much time has passed since.
"""

from collections.abc import Callable

SLACK = 1.0
"""Seconds by which clocks may differ: they drift by less while a node has no connection."""
ALONE_AFTER = 3.0
"""Seconds after which a node that has just begun trusts Redis' clock: other nodes, which can tell
whether it was set, would have renewed their leases by then."""


class Clock:
    """Knows the chat's time within bounds: Redis read it between the call and its reply."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._reading: tuple[float, float, int] | None = None
        self._doubts_since: float | None = None
        self._certain = False

    def least(self) -> int:
        """Return the time in ms, or a little less; 0 if it is not known."""
        if self._reading is None:
            return 0
        _, got, time = self._reading
        return time + int((self._clock() - got) * 1000)

    def most(self) -> int:
        """Return the time in ms, or a little more; 0 if it is not known."""
        if self._reading is None:
            return 0
        asked, _, time = self._reading
        return time + int((self._clock() - asked) * 1000)

    def args(self) -> list[int]:
        """Return the arguments of a renewal that state the time."""
        return [self.least(), self.most(), int(self._certain)]

    def update(self, asked: float, time: int, doubt: int) -> bool:
        """Take the time from the reply to a renewal; return whether to renew again at once.

        ``doubt`` is 0, or what Redis' clock shows if that may be wrong. If it shows more than the
        time can be by now, it was set forwards. Otherwise Redis was late to run the call.
        """
        now = self._clock()
        if not doubt:
            self._reading, self._doubts_since, self._certain = (asked, now, time), None, False
            return False
        if self._reading is None:
            if self._doubts_since is None:
                self._doubts_since = now
            elif now - self._doubts_since >= ALONE_AFTER:
                self._reading = asked, now, doubt
            return False
        self._certain = doubt > self.most() + SLACK * 1000
        return True
