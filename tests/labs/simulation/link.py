"""What stands in for redis-py: the few calls that the broker makes, over a network that fails."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from functools import partial
from random import Random
from typing import Any

from redis import exceptions

from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.pubsub import PubSub
from tests.labs.simulation.server import Server
from tests.labs.simulation.wire import LOST, Weather, Wire

CONNECT_WITHIN = 1.0
"""Seconds for a connection to be made."""


class Connection:
    """A connection for calls."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        self.server = link.server
        self.open = True
        self.killed = False
        self._out = Wire(link.loop, link.weather)
        self._in = Wire(link.loop, link.weather)
        self._waiting: asyncio.Future[list[Any]] | None = None

    async def request(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Send commands and wait for the replies."""
        link = self.link
        loop, server = link.loop, self.server
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
        link, server = self.link, self.server
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
        self.server.forget(self)
        if self._waiting is not None:
            error = exceptions.ConnectionError("connection lost")
            self.link.loop.deliver_at(
                self._in.at(), _fail, self._waiting, error, context=self.link.weather.context
            )

    def close(self) -> None:
        """Close at this end."""
        self.open = False
        self.server.forget(self)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _fulfil(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


class Link:
    """Stands in for redis.asyncio.Redis and its connection pool.

    With several servers each new connection is to any of them.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        servers: Sequence[Server],
        weather: Weather,
        random: Random,
        timeout: Any,
    ) -> None:
        self.loop = loop
        self.server = servers[0]
        self._servers = servers
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
        if len(self._servers) > 1:
            self.server = self.random.choice(self._servers)
        if self.loop.now < self.weather.cut_until:
            await asyncio.sleep(CONNECT_WITHIN)
            raise exceptions.TimeoutError("no connection in time")
        await asyncio.sleep(self.weather.delay())
        if not self.server.up:
            raise exceptions.ConnectionError("connection refused")

    async def call(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Run commands on the one connection, which is made where it is missing."""
        connection = self._connection
        if connection is None or not connection.server.knows(connection):
            # As redis-py does it: silently, also in place of one that was closed while it was idle.
            await self.opened()
            self._connection = connection = Connection(self)
            self.server.accept(connection)
            try:
                await self._greet()
            except LOST:
                await self.disconnect()
                raise
        return await connection.request(commands)

    async def _greet(self) -> None:
        """Let the node say what it has to on a new connection."""
        if (greet := self.connection_kwargs.get("redis_connect_func")) is not None:
            await greet(self)

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
            pubsub.server.forget(pubsub)

    async def on_connect(self) -> None:
        """Say who one is: there is nothing to say."""

    async def send_command(self, *command: Any) -> None:
        """Note what is asked on a connection that is being made."""
        self._asked = command

    async def read_response(self) -> Any:
        """Ask it, and return the answer; that the server is in no cluster takes no time."""
        if self._asked[0] == "INFO":
            return b"cluster_enabled:0"
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
