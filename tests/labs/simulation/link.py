"""What stands in for redis-py: the few calls that the broker makes, over a network that fails."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from functools import partial
from random import Random
from typing import Any, Protocol

from redis import exceptions

from tests.labs.simulation.ambush import Ambush
from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.server import Server

CONNECT_WITHIN = 1.0
"""Seconds for a connection to be made."""


class Weather(Protocol):
    """How the network between a node and Redis is just now."""

    cut_until: float
    """When something gets through again."""
    context: Context
    dead: bool
    ambush: Ambush | None

    @property
    def trouble(self) -> float:
        """How likely a pipeline goes wrong."""

    def delay(self) -> float:
        """Return the seconds that something is under way."""


class Wire:
    """One way of a connection: what is put in comes out later, in order."""

    def __init__(self, loop: VirtualLoop, weather: Weather) -> None:
        self._loop = loop
        self._weather = weather
        self._last = 0.0

    def at(self, pause: float = 0.0) -> float:
        """Return when what is put in after a pause comes out: as soon as something gets through."""
        start = max(self._loop.now + pause, self._weather.cut_until)
        self._last = max(self._last + 1e-6, start + self._weather.delay())
        return self._last


class Connection:
    """A connection for calls."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        self.open = True
        self.killed = False
        self._out = Wire(link.loop, link.weather)
        self._in = Wire(link.loop, link.weather)
        self._waiting: asyncio.Future[list[Any]] | None = None

    async def request(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Send commands and wait for the replies."""
        link = self.link
        loop, server = link.loop, link.server
        self._waiting = future = loop.create_future()
        fate = link.fate()
        if link.weather.dead:
            await future
        pause = 0.0
        if link.weather.ambush is not None:
            commands, pause = link.weather.ambush.cut(commands)
            if not commands:
                await future
        timer = None
        if link.timeout is not None:
            error = exceptions.TimeoutError("no reply in time")
            timer = loop.call_later(link.timeout, _fail, future, error)
        if fate == "lost":
            loop.deliver_at(self._in.at(), self.broken, context=link.outside)
        elif fate != "swallowed":
            count = link.random.randrange(len(commands)) if fate == "torn" else len(commands)
            loop.deliver_at(
                self._out.at(pause),
                server.arrived,
                partial(self._execute, server.life, commands[:count], fate, future),
                context=link.outside,
            )
        try:
            replies: list[Any] = await future
            return replies
        except LOST:
            self.close()
            raise
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()

    def _execute(
        self,
        life: int,
        commands: Sequence[Sequence[Any]],
        fate: str,
        future: asyncio.Future[list[Any]],
    ) -> None:
        """Run the commands at the server, though the connection may be closed at the other end."""
        link = self.link
        server = link.server
        if not server.up or server.life != life or self.killed:
            return
        if self.open and not server.knows(self):
            return
        replies = [server.run(self, *command) for command in commands]
        if fate in ("torn", "unanswered"):
            server.close(self)
        else:
            link.loop.deliver_at(
                self._in.at(), _fulfil, future, replies, context=link.weather.context
            )

    def broken(self) -> None:
        """The connection is closed by the other end or by the network."""
        self.link.server.forget(self)
        if self._waiting is not None:
            error = exceptions.ConnectionError("connection lost")
            self.link.loop.deliver_at(
                self._in.at(), _fail, self._waiting, error, context=self.link.weather.context
            )

    def close(self) -> None:
        """Close at this end."""
        self.open = False
        self.link.server.forget(self)


LOST = (exceptions.ConnectionError, exceptions.TimeoutError)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _fulfil(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


class Link:
    """Stands in for redis.asyncio.Redis and its connection pool."""

    def __init__(
        self, loop: VirtualLoop, server: Server, weather: Weather, random: Random, timeout: Any
    ) -> None:
        self.loop = loop
        self.server = server
        self.weather = weather
        self.random = random
        self.timeout: float | None = timeout
        self.outside = Context()
        self.connection_kwargs: dict[str, Any] = {}
        self._connection: Connection | None = None
        self._asked: tuple[Any, ...] = ()
        self._pubsubs: list[PubSub] = []

    @property
    def connection_pool(self) -> "Link":
        """The pool, which is this too."""
        return self

    def fate(self) -> str:
        """Draw what becomes of a pipeline."""
        if self.loop.now < self.weather.cut_until and self.random.random() < 0.7:
            return "swallowed"
        if self.random.random() >= self.weather.trouble:
            return "fine"
        return self.random.choice(("lost", "torn", "unanswered", "unanswered"))

    async def opened(self) -> None:
        """Wait for a new connection to be made."""
        if self.weather.dead:
            await self.loop.create_future()
        if self.loop.now < self.weather.cut_until:
            await asyncio.sleep(CONNECT_WITHIN)
            raise exceptions.TimeoutError("no connection in time")
        await asyncio.sleep(self.weather.delay())
        if not self.server.up:
            raise exceptions.ConnectionError("connection refused")

    async def call(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Run commands on the one connection, which is made where it is missing."""
        if self._connection is None or not self.server.knows(self._connection):
            # As redis-py does it: silently, also in place of one that was closed while it was idle.
            await self.opened()
            self._connection = Connection(self)
            self.server.accept(self._connection)
            try:
                await self.connection_kwargs["redis_connect_func"](self)
            except LOST:
                await self.disconnect()
                raise
        return await self._connection.request(commands)

    def pipeline(self, transaction: bool) -> "Pipeline":
        """Return what gathers commands."""
        assert not transaction
        return Pipeline(self)

    def pubsub(self) -> "PubSub":
        """Return what subscribes to channels."""
        self._pubsubs.append(PubSub(self))
        return self._pubsubs[-1]

    def vanish(self) -> None:
        """The node's process is gone, and its connections with it."""
        if self._connection is not None:
            self._connection.close()
        for pubsub in self._pubsubs:
            self.server.forget(pubsub)

    async def on_connect(self) -> None:
        """Say who one is: there is nothing to say."""

    async def send_command(self, *command: Any) -> None:
        """Note what is asked on a connection that is being made."""
        self._asked = command

    async def read_response(self) -> Any:
        """Ask it, and return the answer."""
        assert self._connection is not None
        return (await self._connection.request([self._asked]))[0]

    async def disconnect(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    aclose = disconnect


class Pipeline:
    """Gathers commands."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._commands: list[tuple[Any, ...]] = []

    def execute_command(self, *command: Any) -> None:
        """Let a command go with the others."""
        self._commands.append(command)

    async def execute(self, raise_on_error: bool) -> list[Any]:
        """Run the commands."""
        assert not raise_on_error
        return await self._link.call(self._commands)


class PubSub:
    """A connection for subscriptions."""

    def __init__(self, link: Link) -> None:
        self.connection = None  # none of redis-py's
        self._link = link
        self._open = False
        self.killed = False
        self._out = Wire(link.loop, link.weather)
        self._in = Wire(link.loop, link.weather)
        self._messages: deque[list[Any] | Exception] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._lost = False
        self._patient = link.random.random() < 0.5

    async def ssubscribe(self, *channels: bytes) -> None:
        """Subscribe to channels."""
        if not self._open:
            await self._link.opened()
            self._open = True
            self._link.server.accept(self)
        self._ask(channels, self._link.server.subscribe)

    async def sunsubscribe(self, *channels: bytes) -> None:
        """Unsubscribe from channels."""
        self._ask(channels, self._link.server.unsubscribe)

    def _ask(self, channels: Sequence[bytes], what: Any) -> None:
        link = self._link
        self._swallow()

        def arrived() -> None:
            for channel in channels:
                what(self, channel)

        if not self._lost:
            link.loop.deliver_at(self._out.at(), link.server.arrived, arrived, context=link.outside)

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

    async def parse_response(self, block: bool) -> list[Any]:
        """Return the next message."""
        assert block
        while not self._messages:
            self._reader = self._link.loop.create_future()
            await self._reader
        message = self._messages.popleft()
        if isinstance(message, Exception):
            raise message
        return message

    async def aclose(self) -> None:
        """Close the connection."""
        self._link.server.forget(self)
        self._lost = True
