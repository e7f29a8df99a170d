"""Brokers on virtual time, at a Redis whose clock can be set, over connections that fail."""

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable
from contextvars import Context
from random import Random
from typing import Any, cast

from node.brokers.config import BrokerConfig
from tests.integration.brokers.bench import Node, running, wait
from tests.labs.simulation.ambush import Ambush
from tests.labs.simulation.link import Link
from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.server import Server

BEGIN = 1_000_000.0


class Weather:
    """The network between a node and Redis; every ``flaky`` seconds a pipeline goes wrong."""

    def __init__(self, loop: VirtualLoop, flaky: float) -> None:
        self.cut_until = 0.0
        self.context = Context()
        self.dead = False
        self.ambush: Ambush | None = None
        self._loop = loop
        self._flaky = flaky
        self._next = loop.now + flaky

    @property
    def trouble(self) -> float:
        """How likely a pipeline goes wrong: asked for each."""
        if not self._flaky or self._loop.now < self._next:
            return 0.0
        self._next = self._loop.now + self._flaky
        return 1.0

    def delay(self) -> float:
        """Return the seconds that something is under way."""
        return 0.002


class Life:
    """A node that runs until it is killed."""

    def __init__(self, node: Node, weather: Weather, links: list[Link]) -> None:
        self.node = node
        self.weather = weather
        self._links = links
        self.stack = contextlib.AsyncExitStack()

    @property
    def incarnation(self) -> str:
        """The name of its lease."""
        return self.node.broker.owner().partition(".")[0]

    async def kill(self) -> None:
        """End without a word."""
        for link in self._links:
            link.vanish()
        await self.stack.aclose()


class System:
    """A Redis and nodes."""

    def __init__(self) -> None:
        self.loop = VirtualLoop(BEGIN)
        self.server = Server(self.loop, Random(1), lambda name, fields: None)
        self._prefixes = (f"n{letter}0" for letter in "abcdefghij")
        self._lives: list[Life] = []

    async def node(
        self,
        rules: BrokerConfig | None = None,
        flaky: float = 0.0,
        slept: Callable[[], float] = float,
    ) -> Life:
        """Start a node; its own clock is behind by what it ``slept``."""
        weather = Weather(self.loop, flaky)
        links: list[Link] = []

        def connect(timeout: float | None) -> Any:
            links.append(Link(self.loop, [self.server], weather, Random(len(links)), timeout))
            return links[-1]

        clock = lambda: self.loop.time() - slept()  # noqa: E731
        node = Node(next(self._prefixes), connect, rules or BrokerConfig(), clock)
        life = Life(node, weather, links)
        await life.stack.enter_async_context(running(node))
        self._lives.append(life)
        return life

    def data(self, key: str) -> Any:
        """Return what Redis has under a key."""
        return self.server.shell.store.keys.get(key.encode())

    def shift(self) -> float:
        """Return the seconds that the chat adds to the clock of Redis."""
        return int(self.data("chat:{c}:clock")[b"shift"]) / 1000

    def restart(self, data: Any = None) -> None:
        """Kill Redis, and start it at once, with other data unless they are None."""
        self.server.crash()
        self.server.restart(data)

    async def run(self, life: Life, script: str, *args: Any) -> Any:
        """Run a script by itself."""
        reply: asyncio.Future[Any] = self.loop.create_future()
        life.node.broker._context.call(script, args, life.node.deadline(), reply.set_result)
        return await wait(reply)

    async def close(self) -> None:
        """Kill all nodes."""
        for life in self._lives:
            await life.kill()


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Let a test run on virtual time; its first argument is a system."""

    async def work(system: System, named: dict[str, Any]) -> None:
        try:
            await test(system, **named)
        finally:
            await system.close()

    @functools.wraps(test)
    def run(**named: Any) -> None:
        system = System()
        system.loop.run(work(system, named))

    # What pytest is to give it: all but the system.
    signature = inspect.signature(test)
    wanted = list(signature.parameters.values())[1:]
    cast(Any, run).__signature__ = signature.replace(parameters=wanted)
    return run
