"""How many requests a session may make."""

from math import inf


class Limiter:
    """A token bucket: ``rate`` requests a second, after a pause up to ``burst`` at once.

    ``rate`` 0 is no limit. It is kept as the one moment at which the bucket will be full again
    (the generic cell rate algorithm, ITU-T I.371), because there is one for every session.
    """

    __slots__ = ("_interval", "_slack", "_full_at")

    def __init__(self, rate: float, burst: float) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._slack = max(burst - 1, 0.0) * self._interval
        self._full_at = -inf

    def take(self, now: float) -> float:
        """Return 0.0 if a request is allowed at ``now``, else the seconds until the next one is.

        ``now`` is any clock's seconds that do not go back. A refused request takes nothing.
        """
        full_at = self._full_at if self._full_at > now else now
        too_early = full_at - now - self._slack
        # Not 0: rounding must not refuse one who waited just as long as told.
        if too_early > 1e-6:
            return too_early
        self._full_at = full_at + self._interval
        return 0.0
