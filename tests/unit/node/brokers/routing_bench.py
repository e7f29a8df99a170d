"""A cluster of three clients, whose masters answer as a test says."""

import asyncio
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError, ResponseError

from node.brokers import keys
from node.brokers.broker_counts import BrokerCounts
from node.brokers.calls import SimpleCall
from node.brokers.connect import Connect
from node.brokers.contact import Contact
from node.brokers.malformed import ProblemLog
from node.brokers.outage import Outage
from node.brokers.pipeline import Pipeline
from node.brokers.routing import Routing
from node.brokers.server_counts import ServerCounts
from node.brokers.server_kind import ServerKind
from node.brokers.shards import Shard, Shards
from node.brokers.slot_map import SLOTS, Address, SlotMap, slot_of
from node.brokers.subscriptions import Subscriptions
from node.telemetry.metrics import Metrics

TEA, CONTROL = slot_of("r:tea"), slot_of("c")
A, B = ("a", 1), ("b", 2)


class Master:
    """A master whose answers are a test's: ``refuses`` says what it answers in place of a script.

    A client and its pipelines are the same object.
    """

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self.ran: list[str] = []
        self.refuses: dict[str, list[str]] = {}
        self.lost = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.connection_pool = self

    def pipeline(self, transaction: bool) -> "Commands":
        return Commands(self)

    async def run(self, commands: list[Any]) -> list[Any]:
        await self.gate.wait()
        if self.lost:
            raise ConnectionError("lost")
        return [self._answer(command) for command in commands]

    def _answer(self, command: Any) -> Any:
        if command == ("CLUSTER", "SLOTS"):
            return self._cluster.rows
        tag, name = keys.tag_of(command[3]), command[-1]
        if errors := self.refuses.get(tag, []):
            return ResponseError(errors[0] if len(errors) == 1 else errors.pop(0))
        self.ran.append(name)
        return name

    async def disconnect(self) -> None: ...

    async def aclose(self) -> None: ...


class Commands:
    """Commands on their way to a master."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self._commands: list[Any] = []

    def execute_command(self, *command: Any) -> None:
        self._commands.append(command)

    async def execute(self, raise_on_error: bool) -> list[Any]:
        return await self._master.run(self._commands)


class Cluster:
    """Three clients: the seed, and masters a and b. Nobody subscribes to anything."""

    def __init__(self) -> None:
        self.rows: Any = []
        self.slots = SlotMap()
        self.shards = Shards(self.slots)
        self.masters = [Master(self) for _ in range(3)]
        self.tasks: list[asyncio.Task[None]] = []
        self.replies: list[Any] = []
        subscriptions = Subscriptions(self.slots.place)
        self.kind = ServerKind()
        self.counts = BrokerCounts()
        self.routing = Routing(
            *(self.slots, self.shards, subscriptions, self.kind),
            *(self._connect(0), self._connect_to, self._add, self.counts),
        )
        self._add(self._connect(0))

    def _connect(self, number: int) -> Connect:
        return lambda timeout: cast(Redis, self.masters[number])

    def _connect_to(self, address: Address) -> Connect:
        return self._connect([None, A, B].index(address))

    def _add(self, connect: Connect) -> None:
        loop, number = asyncio.get_running_loop(), len(self.shards.all)
        contact, outage, metrics = Contact(), Outage(loop.time), Metrics()
        counts = ServerCounts("", metrics)
        made = Pipeline(
            *(connect(None), loop.time, counts, ProblemLog(metrics, loop.time)),
            *(0, contact, outage),
            lambda *ended: self.routing.ended(number, *ended),
        )
        self.shards.all.append(Shard(made, contact, outage, counts))
        self.tasks.append(asyncio.create_task(made.run()))

    def say(self, name: str, tag: str = "r:tea") -> None:
        declared = [f"chat:{{{tag}}}", f"chat:{{{tag}}}:never"]
        self.shards.call(SimpleCall("tail", [name], 1e9, self.replies.append, declared=declared))

    async def idle(self) -> None:
        async with asyncio.timeout(5):
            await self.shards.idle()

    async def settle(self, tag: str = "r:tea") -> None:
        """Make all slots those of master a, and let it run something."""
        self.rows = [[0, SLOTS - 1, [b"a", 1, b"x"]]]
        self.routing._take(self.rows, "")
        self.say("first", tag)
        await self.idle()
        self.masters[1].ran.clear()
        self.replies.clear()
