"""A histogram of times, as Prometheus has them."""

from bisect import bisect_left
from math import inf

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the buckets in seconds: from a Redis next door to one that is given up."""


class Histogram:
    """How many observations were at or below each bound, and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Add one observation."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return each bound with the number of observations at or below it, as Prometheus does."""
        found: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*_BOUNDS, inf), self.counts, strict=True):
            total += count
            found.append(("+Inf" if bound == inf else str(bound), total))
        return found
