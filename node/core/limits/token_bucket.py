"""A limit that refills with time."""

from math import inf

DEBT = 2.0
"""Most seconds that ``charge`` makes wait: a client gives up a node that is silent for 5 s."""


class TokenBucket:
    """A token bucket: ``rate`` requests a second, after a pause up to ``burst`` at once.

    ``rate`` 0 is no limit. It is kept as the one moment at which the bucket will be full again
    (the generic cell rate algorithm, ITU-T I.371), because there is one for every session.
    """

    __slots__ = ("_interval", "_slack", "_full_at")

    def __init__(self, rate: float, burst: float) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._slack = max(burst - 1, 0.0) * self._interval
        self._full_at = -inf

    def take(self, now: float, count: int = 1) -> float:
        """Return 0.0 if a request is allowed at ``now``, else the seconds until the next one is.

        ``count`` are so many at once, no more than the burst: all of them or none.

        ``now`` is any clock's seconds that do not go back. A refused request takes nothing.
        """
        full_at = self._full_at if self._full_at > now else now
        too_early = full_at + (count - 1) * self._interval - now - self._slack
        # Not 0: rounding must not refuse one who waited just as long as told.
        if too_early > 1e-6:
            return too_early
        self._full_at = full_at + count * self._interval
        return 0.0

    def spare(self, now: float) -> int:
        """Return how many are allowed at once now."""
        early = now + self._slack - max(self._full_at, now)
        return int(early / self._interval + 1e-6) + 1 if early > -1e-6 else 0

    def give_back(self, count: int = 1) -> None:
        """Undo ``take``, or ``charge``: what it was for was refused for another reason."""
        self._full_at -= count * self._interval

    def charge(self, count: int, now: float, most: float = DEBT) -> float:
        """Take ``count`` whether they are allowed or not; return the seconds until they are.

        The debt grows to ``most`` seconds, so that one wait makes up for it.
        """
        full_at = self._full_at if self._full_at > now else now
        used_up = now + self._slack + self._interval
        self._full_at = max(full_at, min(full_at + count * self._interval, used_up + most))
        return max(self._full_at - used_up, 0.0)

    def owed(self, now: float, besides: int = 0) -> float:
        """Return the seconds until all that was charged is allowed, and ``besides`` so many."""
        full_at = self._full_at if self._full_at > now else now
        wait = full_at - now - self._slack + (besides - 1) * self._interval
        return wait if wait > 1e-6 else 0.0

    def rests(self, now: float) -> bool:
        """Say whether it is as good as new: nothing that it knows matters any more."""
        return self._full_at <= now
