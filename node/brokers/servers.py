"""What a node has for each server: its calls, its subscriptions, a probe, and their tasks."""

import asyncio
from functools import partial
from typing import Any

from node.brokers.connect import REPLY_TIMEOUT, Connect, Topology
from node.brokers.contact import Contact
from node.brokers.context import BrokerContext
from node.brokers.lease import Lease
from node.brokers.malformed import ProblemLog
from node.brokers.message_dispatch import MessageDispatch
from node.brokers.outage import Outage
from node.brokers.pipeline import Pipeline
from node.brokers.routing import Routing
from node.brokers.shard_probe import ShardProbe
from node.brokers.server_counts import PipelineCounts, ServerCounts
from node.brokers.server_kind import ServerKind
from node.brokers.shards import Shard
from node.brokers.slot_map import SEED, SlotMap
from node.brokers.subscriber import Subscriber
from node.brokers.subscriptions import Subscriptions
from node.brokers.unused_servers import UnusedServers
from node.process.listening import shown

EXPIRE_EVERY = 0.25
"""Seconds between two looks for calls that are past their deadlines."""


class Servers:
    """Begins with each server when it becomes known: the only one, or a master of a cluster."""

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        subscriptions: Subscriptions,
        dispatch: MessageDispatch,
        counts: PipelineCounts,
        problems: ProblemLog,
        slots: SlotMap | None,
        topology: Topology,
    ) -> None:
        self._context = context
        self._lease = lease
        self._subscriptions = subscriptions
        self._dispatch = dispatch
        self._counts = counts
        self._problems = problems
        self._slots = slots
        self._clients: list[Any] = []
        self._probes: list[ShardProbe] = []
        self._unused = UnusedServers(context.clock)
        self._kind = ServerKind()
        self._tasks: asyncio.TaskGroup | None = None
        self._routing: Routing | None = None
        self._name = topology.name
        connect, connect_to = topology.connect, topology.connect_to
        if slots is not None and connect_to is not None:
            shards = context.shards
            ways = connect, connect_to, self._add, context.counts
            self._routing = Routing(slots, shards, subscriptions, self._kind, *ways)
        self._add(connect)

    def _add(self, connect: Connect) -> None:
        """Begin with a server."""
        context, routing, slots = self._context, self._routing, self._slots
        number = len(context.shards.all)
        outage = Outage(context.clock, self._name_of(number) if slots is not None else "")
        calls, messages = connect(REPLY_TIMEOUT), connect(None)
        self._clients += (calls, messages)
        # Half a lease: a node that renewed a second before a break has as long left after it.
        contact = Contact(context.config.lease / 2)
        counts = ServerCounts(self._name_of(number), self._counts)
        base = calls, context.clock, counts, self._problems, context.config.replicas, contact
        told = self._dispatch.take, self._dispatch.confirm, outage.messages
        if routing is None or slots is None:
            pipeline, subscriber = Pipeline(*base, outage), Subscriber(messages, *told)
        else:
            ended, tag = partial(routing.ended, number), partial(slots.tag, number)
            pipeline = Pipeline(*base, outage, ended, tag)
            refused = partial(routing.subscription_refused, number)
            subscriber = Subscriber(messages, *told, refused)
            probe = ShardProbe(context, self._lease, number, slots, self._subscriptions)
            self._dispatch.expect(number, probe.heard)
            self._probes.append(probe)
        prepare = partial(self._connected, pipeline)
        calls.connection_pool.connection_kwargs["redis_connect_func"] = prepare
        context.shards.all.append(Shard(pipeline, contact, outage, counts))
        self._subscriptions.all.append(subscriber)
        if self._tasks is not None:
            self._start(self._tasks, number)

    def _name_of(self, number: int) -> str:
        """Return the name of a server; "" for one of a cluster that is a second name of another."""
        if self._slots is None:
            return self._name
        return "" if number == SEED else shown(self._slots.address(number))

    async def _connected(self, pipeline: Pipeline, connection: Any) -> None:
        """Prepare a new connection for calls."""
        await pipeline.connected(connection)
        if self._routing is None:
            await self._kind.ask(connection)

    def run(self, tasks: asyncio.TaskGroup) -> None:
        """Begin the tasks of all servers, and those of servers that become known later."""
        self._tasks = tasks
        for number in range(len(self._context.shards.all)):
            self._start(tasks, number)
        if self._routing is not None:
            tasks.create_task(self._routing.run())
        tasks.create_task(self._expire())
        tasks.create_task(self._kind.check())

    def _start(self, tasks: asyncio.TaskGroup, number: int) -> None:
        tasks.create_task(self._context.shards.all[number].pipeline.run())
        tasks.create_task(self._subscriptions.all[number].run())

    async def _expire(self) -> None:
        shards, clock = self._context.shards, self._context.clock
        while True:
            for shard in shards.all:
                shard.pipeline.expire()
            shards.queues.expire(clock())
            await asyncio.sleep(EXPIRE_EVERY)

    def probe(self) -> None:
        """Send a probe to each server without sessions, and leave those that keep no data."""
        for probe in self._probes:
            probe.send()
        if self._slots is not None and self._tasks is not None:
            for number in range(len(self._context.shards.all)):
                self._leave_unused(number, self._slots, self._tasks)

    def _leave_unused(self, number: int, slots: SlotMap, tasks: asyncio.TaskGroup) -> None:
        """Close the connections to a master that has kept no slot for a while.

        They are opened again with the next call, and the next channel, that goes there.
        """
        pipeline = self._context.shards.all[number].pipeline
        subscriber = self._subscriptions.all[number]
        used = slots.keeps(number) or bool(subscriber.wanted) or not pipeline.is_idle
        if self._unused.is_over(number, used):
            subscriber.rest()
            tasks.create_task(pipeline.rest())

    async def close(self) -> None:
        """Close all connections; no server is begun with any more."""
        self._tasks = None
        for client in self._clients:
            await client.aclose()
