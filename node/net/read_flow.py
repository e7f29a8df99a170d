"""Stops reading from a client, and resumes it: what is not read stays with the client."""

import asyncio
from collections.abc import Callable

from node.core.config import Limit
from node.core.limits.admission import AddressUsage
from node.core.session.services import Services
from node.net.read_throttle import ReadThrottle


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
