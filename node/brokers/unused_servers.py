"""Masters that have kept no slot for a while: they may have left the cluster."""

from collections.abc import Callable
from math import inf

UNUSED_AFTER = 60.0
"""Seconds after which the connections to a master that keeps no slot any more are closed."""


class UnusedServers:
    """Knows since when each server has not been used."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[int, float] = {}
        """inf: its connections are closed."""

    def is_over(self, number: int, used: bool) -> bool:
        """Note whether a server is used; return, once, that it has not been for long enough."""
        now = self._clock()
        if used:
            self._since.pop(number, None)
        elif now - self._since.setdefault(number, now) >= UNUSED_AFTER:
            self._since[number] = inf
            return True
        return False
