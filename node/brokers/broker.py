"""The broker of a node: logs, sessions and lists in Redis, and what keeps them in order."""

import asyncio
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Protocol

from node.brokers.broker_counts import BrokerCounts
from node.brokers.config import BrokerConfig
from node.brokers.connect import Topology
from node.brokers.context import BrokerContext
from node.brokers.directory import RedisDirectory
from node.brokers.head_poll import HeadPoll
from node.brokers.health import Fault, Health
from node.brokers.janitor import Janitor
from node.brokers.lease import Lease
from node.brokers.logs import RedisLogs
from node.brokers.malformed import MalformedCounts, ProblemLog
from node.brokers.message_dispatch import MessageDispatch
from node.brokers.moderation_sync import ModerationSync
from node.brokers.publish_batch import Taken
from node.brokers.readiness import Readiness
from node.brokers.renewal import LeaseRenewal
from node.brokers.seat_audit import SeatAudit
from node.brokers.server_clocks import ServerClocks
from node.brokers.server_counts import PipelineCounts, ServerState
from node.brokers.session_audit import SessionAudit
from node.brokers.servers import Servers
from node.brokers.sessions import RedisSessions
from node.brokers.settler import Settler
from node.brokers.shards import Shards
from node.brokers.slot_map import SlotMap
from node.brokers.subscriptions import Subscriptions
from node.brokers.upkeep import Upkeep
from node.core.interfaces import BrokerEvents
from node.core.model import Done


class NodeCounts(PipelineCounts, MalformedCounts, Protocol):
    """What the broker counts with the other parts of the node."""

    redis_faults: dict[Fault, int]


class RedisBroker(RedisLogs, RedisSessions, RedisDirectory):
    """Implements ``interfaces.Broker``: puts its parts together, and runs them.

    Logs, sessions and directory are base classes, so a call of the core takes no detour. Calls may
    be made before ``run``; they are answered once it runs.
    """

    def __init__(
        self,
        topology: Topology,
        config: BrokerConfig,
        counts: NodeCounts,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        slots = None if topology.connect_to is None else SlotMap()
        shards = Shards(slots)
        self._subscriptions = Subscriptions(None if slots is None else slots.place)
        self._context = context = BrokerContext(config, shards, clock, random_id)
        problems = ProblemLog(counts, clock)
        lease = Lease(config.lease, clock, random_id)
        readiness = Readiness(lambda: shards.control.outage.reason)
        self._health = Health(shards.call, counts, clock, shards.tags)
        self._heads = HeadPoll(context)
        settler = Settler(context)
        self._janitor = Janitor(context, settler)
        self._seats = SeatAudit(context, settler, self.name_all)
        moderation = ModerationSync(context, self._janitor.settle)
        upkeep = Upkeep(context, lease, self._janitor.settle)
        taken = Taken()
        told = (context, readiness, taken, moderation, self._heads, problems)
        self._dispatch = MessageDispatch(*told)
        self._servers = Servers(
            context, lease, self._subscriptions, self._dispatch, counts, problems, slots, topology
        )
        self._clocks = None if slots is None else ServerClocks(context, slots, problems)
        RedisLogs.__init__(self, context, self._subscriptions, taken, lease.time)
        RedisSessions.__init__(self, context, lease, readiness, upkeep, settler)
        RedisDirectory.__init__(self, context)
        self._audit = SessionAudit(context, lease, self.release, self.holds)
        self._renewal = LeaseRenewal(
            *(context, lease, readiness, self._subscriptions, self._audit, moderation),
            self._health,
        )

    def check(self, done: Done[bool]) -> None:
        """Find out whether sessions were forgotten; ``BrokerEvents.forgotten`` comes first."""
        self._renewal.check(done)

    def run(self, events: BrokerEvents) -> Coroutine[Any, Any, None]:
        """Return what serves for ever; from this call on, the broker reports to ``events``."""
        self._context.bind(events)
        return self._serve()

    async def _serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                self._servers.run(tasks)
                tasks.create_task(self._maintain(1.0, self._servers.probe))
                tasks.create_task(_every(1.0, self._renewal.renew))
                tasks.create_task(self._maintain(1.0, self._upkeep.reap))
                tasks.create_task(self._maintain(1.0, self._upkeep.tidy))
                tasks.create_task(self._maintain(1.0, self._janitor.look))
                tasks.create_task(self._maintain(1.0, self._seats.look))
                tasks.create_task(self._maintain(2.0, self._heads.compare))
                if self._clocks is not None:
                    tasks.create_task(self._maintain(10.0, self._clocks.look))
                tasks.create_task(_every(10.0, self.forget_idle))
                tasks.create_task(_every(10.0, self.forget_gone))
                tasks.create_task(_every(10.0, self._settler.forget_idle))
                if not self._context.config.alone:
                    # The embedded broker keeps nothing on disk; whoever asked for it knows that.
                    tasks.create_task(self._maintain(1.0, self._health.look))
        finally:
            await self._servers.close()

    async def _maintain(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something to the data again and again, while this node may touch them."""
        while True:
            if not self._readiness.refused:
                what()
            await asyncio.sleep(seconds)

    async def retire(self) -> None:
        """End the lease, once all calls are done: other nodes may reap this one at once."""
        await self._idle()
        if self._readiness.refused:
            return
        self._context.call("retire", [self._lease.incarnation], inf, _ignore)
        await self._idle()

    async def _idle(self) -> None:
        """Wait until no call waits or is under way."""
        await self._context.shards.idle()

    def unready(self) -> str | None:
        """Return why the broker does not deliver; None if it does."""
        return self._readiness.unready(self._context.clock())

    def states(self) -> list[ServerState]:
        """Return what is known of the servers that keep data."""
        return self._context.shards.states(self._context.clock())

    def away(self) -> list[str]:
        """Return the names of servers of a cluster that this node cannot use.

        ``unready`` says it of a Redis that is the only one.
        """
        if not self._context.shards.is_cluster:
            return []
        return [server.counts.name for server in self.states() if server.is_away]

    @property
    def counts(self) -> BrokerCounts:
        """What the broker counts of its upkeep."""
        return self._context.counts


async def _every(seconds: float, what: Callable[[], None]) -> None:
    while True:
        what()
        await asyncio.sleep(seconds)


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
