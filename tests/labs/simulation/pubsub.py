"""A connection for subscriptions, in place of one of redis-py's."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from redis import exceptions

from tests.labs.simulation.wire import LOST, Wire

if TYPE_CHECKING:
    from tests.labs.simulation.link import Link


class PubSub:
    """A connection for subscriptions."""

    def __init__(self, link: "Link") -> None:
        self.connection = None  # none of redis-py's
        self.server = link.server
        self._link = link
        self._open = False
        self.killed = False
        self._out = Wire(link.loop, link.weather)
        self._in = Wire(link.loop, link.weather)
        self._messages: deque[list[Any] | Exception] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._lost = False
        self._patient = link.random.random() < 0.5

    @property
    def node(self) -> object:
        """The node whose it is."""
        return self._link.weather

    async def connect(self) -> None:
        """Open the connection, unless it is open."""
        if not self._open:
            await self._link.opened()
            self._open = True
            self.server = self._link.server
            self.server.accept(self)

    async def execute_command(self, name: str, *channels: bytes) -> None:
        """Subscribe to channels, or unsubscribe from them."""
        commands = {"SSUBSCRIBE": self.server.subscribe, "SUNSUBSCRIBE": self.server.unsubscribe}
        self._ask(channels, commands[name])

    def _ask(self, channels: Sequence[bytes], what: Any) -> None:
        link = self._link
        self._swallow()
        if not self._lost:
            link.loop.deliver_at(
                self._out.at(),
                self.server.arrived,
                partial(what, self, channels),
                context=link.outside,
            )

    def _swallow(self) -> None:
        """What is sent while nothing gets through comes late, or the connection is deaf."""
        if self._link.loop.now < self._link.weather.cut_until and not self._patient:
            self._lost = True

    def push(self, message: list[Any] | Exception) -> None:
        """Bring a message to the node, unless it gets lost with the connection."""
        self._swallow()
        if not self._lost or isinstance(message, Exception):
            self._link.loop.deliver_at(
                self._in.at(), self._arrived, message, context=self._link.weather.context
            )

    def _arrived(self, message: list[Any] | Exception) -> None:
        if not self._lost or isinstance(message, Exception):
            self._messages.append(message)
            if self._reader is not None and not self._reader.done():
                self._reader.set_result(None)

    def broken(self) -> None:
        """The connection is closed by the other end; what is under way may be lost with it."""
        self._lost = self._lost or self._link.random.random() < 0.7
        self.push(exceptions.ConnectionError("connection lost"))

    async def parse_response(self, block: bool) -> list[Any] | Exception:
        """Return the next message; an error that the server says is one, as for ``listen``."""
        assert block
        while not self._messages:
            self._reader = self._link.loop.create_future()
            await self._reader
        message = self._messages.popleft()
        if isinstance(message, LOST):
            raise message
        return message

    async def aclose(self) -> None:
        """Close the connection."""
        self.server.forget(self)
        self._lost = True
