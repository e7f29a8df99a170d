"""Stops reading from a client that sends too fast, and resumes it: a flood is read slowly.

Refusing a line costs nearly as much as doing what it asks. So a client that sends far more than its
rate allows is not refused at full speed: the node stops reading for a while. What is not read stays
with the client: in the buffers of the network, and its own sending stops.
"""

import asyncio
from collections.abc import Callable

from node.core.config import Limit, Rate
from node.core.limits.admission import LINES_LEAST, AddressUsage, lines_of
from node.core.limits.token_bucket import TokenBucket
from node.core.session.services import Services

LINES_AT_ONCE = 100
"""Lines handled for one client before others have their turn: some milliseconds of work."""


class ReadFlow:
    """Whether one connection is read, and how fast.

    ``resumed`` is called when a client that sent too fast has waited. ``limited`` is False where
    there is no rate: then there is nothing to ask.
    """

    __slots__ = (
        *("limited", "_services", "_throttle", "_resumed", "_transport", "_reads", "_ends"),
        *("_has_rest", "_turns"),
    )

    def __init__(self, services: Services, resumed: Callable[[], None]) -> None:
        self._services = services
        self._throttle = ReadThrottle(services.config.rate)
        self.limited = self._throttle.limited
        self._resumed = resumed
        self._transport: asyncio.Transport
        self._reads = True
        self._ends = False
        self._has_rest = False
        self._turns = False

    def open(self, transport: asyncio.Transport) -> None:
        """Begin to read."""
        self._transport = transport

    # The rate

    @property
    def waits(self) -> bool:
        """Whether the client sent too fast, or too much at once, and has to wait."""
        return self._throttle.waiting or self._turns

    @property
    def is_held(self) -> bool:
        """Whether bytes are held back, and come before others."""
        return self._has_rest or self._throttle.held > 0

    def take(self, lines: list[bytes], usage: AddressUsage | None) -> list[bytes]:
        """Return the lines to handle now; if others are held back, stop reading for a while."""
        lines, wait = self._throttle.take(lines, usage, self._services.clock())
        if wait is not None:
            self._wait(wait)
        return lines

    def charge(self, count: int, usage: AddressUsage | None) -> None:
        """Count frames that contain no complete line as lines."""
        if self.limited:
            if wait := self._throttle.charge(count, usage, self._services.clock()):
                self._wait(wait)

    def keep(self, is_rest: bool) -> None:
        """Note whether bytes are kept for the next turn; then nothing else is read before."""
        self._has_rest = is_rest
        if is_rest and not self._turns:
            self._turns = True
            self.pause()
            asyncio.get_running_loop().call_soon(self._turned)

    def _turned(self) -> None:
        self._turns = False
        self._resumed()

    def _wait(self, seconds: float) -> None:
        self.pause()
        self._services.counts.hit(Limit.LINES)
        asyncio.get_running_loop().call_later(seconds, self._waited)

    def _waited(self) -> None:
        self._throttle.go_on()
        self._resumed()

    # The transport

    def pause(self) -> None:
        """Read no more for now."""
        if self._reads and not self._ends:
            self._reads = False
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self._reads and not self._transport.is_closing():
            self._reads = True
            self._transport.resume_reading()

    def end(self) -> None:
        """Hold nothing back any more, and do not pause again: what still comes is dropped."""
        self._ends = True
        self._throttle.discard()


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
