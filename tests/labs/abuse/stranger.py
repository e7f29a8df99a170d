"""What all attacks are made of: where they go, what they count, and connections that count."""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

_CODE = re.compile(rb'"code":"([a-z-]+)"')
_BYE = re.compile(rb'"type":"bye"[^\n]*?"reason":"([a-z-]+)"')
AT_ONCE = 100
"""Connections that an attack is making at a time: more would wait in the kernel alone."""
CONNECT_WITHIN = 10.0
WRONG = "wrong: "
"""What a count begins with that says that the node broke the protocol."""


@dataclass
class Pit:
    """One attack: its target, how many and how large it is, and its counts.

    ``tried`` counts what was done, ``met`` what the node did about it.
    """

    host: str
    port: int
    count: int
    addresses: int
    end: float
    rng: Random
    size: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._few = asyncio.Semaphore(AT_ONCE)

    @property
    def going_on(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end

    def source(self, number: int) -> tuple[str, int]:
        """Return the address that a connection comes from; honest clients have others."""
        return f"127.0.2.{number % self.addresses + 1}", 0

    async def connect(self, number: int, stranger: "Stranger", **how: Any) -> bool:
        """Make a connection; return whether it could be made."""
        loop = asyncio.get_running_loop()
        try:
            async with self._few, asyncio.timeout(CONNECT_WITHIN):
                if not self.going_on:
                    return False
                self.tried["connections"] += 1
                if "sock" not in how:
                    source = self.source(number)
                    how |= {"host": self.host, "port": self.port, "local_addr": source}
                await loop.create_connection(lambda: stranger, **how)
        except (OSError, TimeoutError) as error:
            self.met[f"no connection: {type(error).__name__}"] += 1
            return False
        return True

    async def each(self, work: Callable[["Pit", int], Coroutine[Any, Any, None]]) -> None:
        """Let as many strangers as there are to be do something, all at once."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.count):
                tasks.create_task(work(self, number))

    async def rest(self, least: float, most: float) -> None:
        """Wait a moment, but not beyond the end."""
        await asyncio.sleep(min(self.rng.uniform(least, most), max(0, self.end - time.monotonic())))


class Stranger(asyncio.Protocol):
    """A connection that reads, and counts refusals and goodbyes."""

    def __init__(self, pit: Pit) -> None:
        self.pit = pit
        self.transport: asyncio.Transport
        self.gone = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.answered = asyncio.Event()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Count what is told."""
        self.answered.set()
        lines, end, self._rest = (self._rest + data).rpartition(b"\n")
        if not end:
            return
        for code in _CODE.findall(lines):
            self.pit.met[code.decode()] += 1
        for reason in _BYE.findall(lines):
            self.pit.met[f"bye {reason.decode()}"] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self.pit.going_on:
            self.pit.met["closed"] += 1
        self.gone.set()
        self.answered.set()
        self.may_write.set()

    def pause_writing(self) -> None:
        """The node reads more slowly than is written."""
        self.may_write.clear()

    def resume_writing(self) -> None:
        """It reads on."""
        self.may_write.set()

    @property
    def open(self) -> bool:
        """Whether there is anybody to write to."""
        return not self.gone.is_set() and not self.transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.open:
            self.pit.tried["bytes"] += len(data)
            self.transport.write(data)

    async def pushed(self) -> None:
        """Wait until the node has read enough for more to be written, or time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self.pit.end - time.monotonic())):
                await self.may_write.wait()

    async def until_gone(self, seconds: float) -> None:
        """Wait until the node closes the connection, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, max(0.0, self.pit.end - time.monotonic()))):
                await self.gone.wait()
