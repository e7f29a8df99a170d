"""A node of the simulation: the real hub, connections and broker, in a process that can be killed,
stopped and started again."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import partial
from random import Random
from typing import Any

from node.brokers.broker import RedisBroker
from node.brokers.config import BrokerConfig
from node.brokers.connect import Connect, Topology
from node.core import config as core_rules
from node.core.hub import hub as core
from node.core.hub.drain import turns
from node.net.connection_limits import ConnectionLimits
from node.net.peer import Peer
from node.net.write_batch import WriteBatch
from node.telemetry.metrics import Metrics
from tests.labs.simulation.ambush import Ambush
from tests.labs.simulation.link import Link
from tests.labs.simulation.loop import NODE, VirtualLoop
from tests.labs.simulation.network import Line, Polled
from tests.labs.simulation.server import Server

FINISH_WITHIN = 4.0
"""Seconds that a node may take to end after the good-byes, as in node.app."""


class Life:
    """One life of a node: its state, and how the network between it and Redis is."""

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        servers: Sequence[Server],
        random: Random,
        rules: tuple[core_rules.Config, BrokerConfig],
        slow: float,
    ) -> None:
        self.name = name
        self.dead = False
        self.draining = False
        self.trouble = 0.0
        self.cut_until = 0.0
        self.ambush: Ambush | None = None
        self.context = Context()
        self.lines: dict[Line, None] = {}
        self.task: asyncio.Task[None] | None = None
        self._loop = loop
        self._random = random
        self._servers = servers
        self.slow = slow
        self._count = 0
        self._links: list[Link] = []
        self.context.run(NODE.set, self)
        self.context.run(self._assemble, *rules)

    def _assemble(self, core_rules: core_rules.Config, broker_rules: BrokerConfig) -> None:
        clock, ids = self._loop.time, self._id
        self.metrics = Metrics(clock)
        connect_to = self._connect_to if len(self._servers) > 1 else None
        topology = Topology(partial(self._connect, self._servers), connect_to)
        self.batch = WriteBatch(self.metrics, self._loop.call_soon)
        self.broker = RedisBroker(topology, broker_rules, self.metrics, clock, ids)
        self.hub = core.Hub(
            self.name, core_rules, self.broker, self.batch.fan_out, self.metrics, clock, ids
        )
        self.limits = ConnectionLimits(self.hub)

    def _connect_to(self, address: tuple[str, int]) -> Connect:
        return partial(self._connect, [self._servers[address[1]]])

    def _connect(self, servers: Sequence[Server], timeout: float | None) -> Any:
        link = Link(self._loop, servers, self, self._random, timeout)
        self._links.append(link)
        return link

    def _id(self) -> str:
        """Return a new id; the name has no hexadecimal digit at its end."""
        self._count += 1
        return f"{self.name}{self._count:x}"

    def delay(self) -> float:
        """Return the seconds that something is under way between the node and Redis."""
        if self._random.random() < 0.02:
            return self._random.uniform(0.0, self.slow)
        return self._random.uniform(0.0002, 0.01)

    # Life

    def start(self, done: Callable[["Life", str], None]) -> None:
        """Begin to run; ``done`` is told how it ended."""
        self.task = self._loop.create_task(self._run(), context=self.context)

        def ended(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            done(self, repr(error) if error is not None else "")

        self.task.add_done_callback(ended)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.broker.run(self.hub.events))
            tasks.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            self.hub.tick()
            await asyncio.sleep(1)

    def take(self, line: Line, number: int) -> None:
        """Take a client's connection."""
        self.lines[line] = None
        line.accept(Polled(self.hub, self.batch, Peer(self.limits, number)), self.context)

    def kill(self) -> None:
        """End without a word, as a process that is killed."""
        self.dead = True
        for line in self.lines:
            line.break_off()
        for link in self._links:
            link.vanish()
        self._loop.release(self, self._random)
        if self.task is not None:
            self.task.cancel()

    def drain(self, seconds: float) -> None:
        """End as a process that is asked to."""
        self.draining = True
        self._loop.create_task(self._drain(seconds), context=self.context)

    async def _drain(self, seconds: float) -> None:
        begun = self._loop.now
        for at, session, within in turns(self.hub.drain(), seconds):
            await asyncio.sleep(max(0.0, begun + at - self._loop.now))
            if within is not None:
                self.hub.ask_to_move(session, within)
            else:
                self.hub.say_goodbye(session)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_WITHIN):
                await self.broker.retire()
        if not self.dead:
            self.kill()
