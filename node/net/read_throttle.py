"""Limits how fast the lines of one client are handled: a flood is read slowly.

Refusing a line costs nearly as much as doing what it asks. So a client that sends far more than its
rate allows is not refused at full speed: the node stops reading for a while. What the client sends
meanwhile stays in the buffers of the network, and its own sending stops.
"""

from node.core.config import Rate
from node.core.limits.admission import LINES_LEAST, AddressUsage, lines_of
from node.core.limits.token_bucket import TokenBucket

LINES_AT_ONCE = 100
"""Lines handled for one client before others have their turn: some milliseconds of work."""


class ReadThrottle:
    """Says how many lines of one connection may be handled now, and holds the rest back.

    ``limited`` is False where there is no rate: then there is nothing to ask. ``waiting`` is True
    from the time that lines were held back, or the rate used up, until ``go_on``.
    """

    __slots__ = ("limited", "waiting", "_bucket", "_held")

    def __init__(self, rate: Rate) -> None:
        self.limited = bool(rate[0])
        self.waiting = False
        self._bucket = TokenBucket(*lines_of(rate, LINES_LEAST))
        self._held = b""

    @property
    def held(self) -> int:
        """Bytes that are held back."""
        return len(self._held)

    def take(
        self, lines: list[bytes], usage: AddressUsage | None, now: float
    ) -> tuple[list[bytes], float | None]:
        """Return the lines to handle now, and the seconds for which to stop reading, if any.

        What was held back before comes first. ``usage`` is that of the client's address.
        """
        if self._held or self.waiting:
            # As bytes: a line of two bytes takes up fifty as an object.
            self._held += _joined(lines)
            if self.waiting:
                return [], None
            *lines, self._held = self._held.split(b"\n", LINES_AT_ONCE)
        if not lines:
            return [], None
        count = min(len(lines), LINES_AT_ONCE)
        wait = self._cost(count, usage, now)
        if not wait and count == len(lines) and not self._held:
            return lines, None
        self._held = _joined(lines[count:]) + self._held
        self.waiting = True
        return lines[:count], wait

    def charge(self, count: int, usage: AddressUsage | None, now: float) -> float:
        """Charge for what was handled already; return the seconds for which to stop reading.

        It is 0 if nothing has to be waited for, or a wait is under way.
        """
        wait = self._cost(count, usage, now)
        if not wait or self.waiting:
            return 0.0
        self.waiting = True
        return wait

    def _cost(self, count: int, usage: AddressUsage | None, now: float) -> float:
        wait = self._bucket.charge(count, now)
        if usage is not None and usage.lines is not None:
            wait = max(wait, usage.lines.charge(count, now))
        return wait

    def go_on(self) -> None:
        """The wait is over: what is held may be taken."""
        self.waiting = False

    def discard(self) -> None:
        """Discard what is held: the connection is over."""
        self._held = b""


def _joined(lines: list[bytes]) -> bytes:
    """Return lines as the bytes that they were cut from, with their ends."""
    return b"\n".join([*lines, b""])
