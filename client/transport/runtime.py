"""The environment of the client: time, randomness, and how to open a connection."""

import asyncio
import random
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from msgspec import Struct

from client.transport.dial import Dialler
from client.transport.stream import LineTransport

CONNECT_WITHIN = 3.0
"""Seconds for the look-up of a name, for each of its addresses, and for TLS; a reachable node needs
far less."""

_dialler = Dialler(CONNECT_WITHIN)

T = TypeVar("T")


class Timer(Protocol):
    """A timer that can be cancelled."""

    def cancel(self) -> None:
        """Cancel the timer."""


Opener = Callable[
    [Callable[[], LineTransport], str, int, ssl.SSLContext | None], Awaitable[LineTransport]
]
"""Connects a new transport to a host and port, with TLS if there is a context. Raises OSError."""


async def open_link(
    make: Callable[[], LineTransport], host: str, port: int, tls: ssl.SSLContext | None
) -> LineTransport:
    """Connect a transport over TCP. Raises OSError."""
    connected = await _dialler.dial(host, port)
    _, link = await asyncio.get_running_loop().create_connection(
        make,
        sock=connected,
        ssl=tls,
        server_hostname=host if tls else None,
        ssl_handshake_timeout=CONNECT_WITHIN if tls else None,
    )
    return link


def _call_later(delay: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay, callback)


class Runtime(Struct, frozen=True):
    """A clock in seconds, a wall clock in milliseconds, timers, randomness and the opener.

    They are passed in so that tests can replace them.
    """

    clock: Callable[[], float] = time.monotonic
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    call_later: Callable[[float, Callable[[], None]], Timer] = _call_later
    random: Callable[[], float] = random.random
    secret: Callable[[int], str] = secrets.token_hex
    open: Opener = open_link

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def end() -> None:
            if not over.done():
                over.set_result(None)

        timer = self.call_later(seconds, end)
        try:
            await over
        finally:
            timer.cancel()

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what ``work`` returns. Raises TimeoutError when it takes longer."""
        task = asyncio.ensure_future(work)
        late = False

        def give_up() -> None:
            nonlocal late
            late = task.cancel()

        timer = self.call_later(seconds, give_up)
        try:
            return await task
        except asyncio.CancelledError:
            if late:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()


class Alarm:
    """One timer that is set again and again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._timer: Timer | None = None

    def set(self, at: float, ring: Callable[[], None]) -> None:
        """Call ``ring`` at a time of the runtime's clock, and not when it was set for before."""
        self.stop()
        self._timer = self._runtime.call_later(max(0.0, at - self._runtime.clock()), ring)

    def stop(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
