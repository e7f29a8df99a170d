"""How fast the lines of one client are read: a flood is read slowly, and waits where it came from.

Refusing a line costs nearly as much as doing what it asks. So who sends far more than it may is not
refused at full speed, but read from at the pace that it may have; what it sends meanwhile stays in
the buffers of the network, and its own sending stops.
"""

from node.core.config import Rate
from node.core.limits.admission import LINES_LEAST, AddressUsage, lines_of
from node.core.limits.token_bucket import TokenBucket

LINES_AT_ONCE = 100
"""Lines that are read from one client before others have their turn: some milliseconds' work."""


class ReadThrottle:
    """How many lines of one connection may be taken, and when to go on."""

    __slots__ = ("_own",)

    def __init__(self, rate: Rate) -> None:
        self._own = TokenBucket(*lines_of(rate, LINES_LEAST))

    def take(self, lines: int, caller: AddressUsage | None, now: float) -> tuple[int, float]:
        """Return how many of the lines may be taken now, and after how many seconds to go on."""
        count = min(lines, LINES_AT_ONCE)
        wait = self._own.charge(count, now)
        if caller is not None and caller.lines is not None:
            wait = max(wait, caller.lines.charge(count, now))
        return count, wait
