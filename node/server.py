"""One node: the parts that it is made of, and how it drains."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from secrets import choice
from typing import TYPE_CHECKING

from node.brokers.broker import RedisBroker
from node.brokers.config import BrokerConfig
from node.brokers.connect import Topology
from node.config.settings import Settings
from node.config.version import version
from node.core.hub import hub as core
from node.core.hub import shares
from node.core.hub.drain import Turn, turns
from node.core.limits.admission import Bounds
from node.core.rooms import ring_budget
from node.net.connection_limits import ConnectionLimits
from node.net.write_batch import WriteBatch
from node.process.memory import MIB, MemoryWatch
from node.telemetry.metrics import Metrics
from wire.errors import Reason

if TYPE_CHECKING:
    from node.auth.password_checker import PasswordChecker

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05
"""Seconds between two checks whether all clients of a node that drains are gone."""
AT_ONCE = 100
"""Most clients that are told to go in one turn of the loop when a drain is late: thousands in one
turn would hold up all others."""
LAST_WORDS = 0.1
"""Seconds for clients to read their goodbye before the process ends."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def unique_ids() -> Callable[[], str]:
    """Return what makes ids of entries, operations and incarnations, unique in the whole system.

    41 random bits for this process, and a counter: ids need not be secret, and asking the system
    for randomness for each message took a third of the node's time (200 rooms of 5, all sending).
    """
    prefix = "".join([choice(_ALPHABET) for _ in range(8)])
    return map(f"{prefix}{{:x}}".format, count(1)).__next__


class Node:
    """One node: a hub between a broker and the connections of clients. Needs a running loop."""

    def __init__(self, name: str, settings: Settings, topology: Topology) -> None:
        self.name = name
        clock, ids = time.monotonic, unique_ids()
        self.metrics = Metrics(clock)
        self.batch = WriteBatch(self.metrics, asyncio.get_running_loop().call_soon)
        rules = _broker_config(settings)
        self.broker = RedisBroker(topology, rules, self.metrics, clock, ids)
        self.hub = core.Hub(
            *(name, _core_config(settings), self.broker, self.batch.fan_out),
            *(self.metrics, clock, ids),
        )
        self.limits = ConnectionLimits(
            self.hub, _bounds(settings), settings.proxy_protocol, settings.proxy_from
        )
        self.metrics.watch(self.hub, self.broker)

    def accept(self, tokens: tuple[bytes, ...], accounts: "PasswordChecker | None") -> None:
        """Take these digests of tokens, and these accounts, from now on."""
        self.hub.services.admit(tokens, accounts)

    def follow(self, watch: MemoryWatch) -> None:
        """Admit new clients, or not, depending on the memory that is left."""
        self.hub.services.heed_memory(watch.full)
        self.limits.set_memory(not watch.overflowing)

    async def tick(self) -> None:
        """Tell the hub and the limits about once a second that time has passed, for ever."""
        while True:
            self.hub.tick()
            self.limits.tick()
            await asyncio.sleep(core.TICK)

    async def drain(self, seconds: float) -> None:
        """Ask all clients to move, then say goodbye to those that are left.

        Both are spread over the seconds. It ends when all clients are gone, or the time is over.
        """
        start = time.monotonic()
        sessions = self.hub.drain()
        due = deque(turns(sessions, seconds))
        while due and self.hub.registry.connections:
            now = time.monotonic() - start
            for _ in range(AT_ONCE):
                if due and due[0].at <= now:
                    self._take_turn(due.popleft())
            pause = due[0].at - now if due else 0.0
            await asyncio.sleep(max(0.0, min(pause, LOOK_EVERY)))
        # Clients that were just being admitted when the listener closed.
        for session in set(self.hub.drain()).difference(sessions):
            self.hub.say_goodbye(session)
        while self.hub.registry.connections and time.monotonic() < start + seconds:
            await asyncio.sleep(LOOK_EVERY)
        ends = Counter(session.closing.reason for session in sessions)
        moved, told = ends[Reason.REPLACED], ends[Reason.DRAINING]
        facts = {"node": self.name, "moved": moved, "told": told}
        log.info("clients were disconnected", extra=facts)
        # The last goodbyes are under way: when a process ends, unread bytes are lost.
        await asyncio.sleep(min(LAST_WORDS, seconds))

    def _take_turn(self, turn: Turn) -> None:
        if turn.within is not None:
            self.hub.ask_to_move(turn.connection, turn.within)
        else:
            self.hub.say_goodbye(turn.connection)


def _broker_config(settings: Settings) -> BrokerConfig:
    return BrokerConfig(
        retained=settings.history,
        grace=settings.grace,
        notices=settings.notices,
        room_idle=settings.room_idle,
        replicas=settings.durability,
        version=version(),
        alone=settings.redis_url.is_memory,
    )


def _core_config(settings: Settings) -> core.Config:
    return core.Config(
        kept=settings.history,
        rate=settings.rate,
        hello_within=settings.hello_within,
        room_rate=settings.room_rate,
        direct_rate=settings.direct_rate,
        rooms_made=settings.rooms_made,
        remembered=ring_budget.budget(settings.memory * MIB, settings.nodes),
        unread=shares.share(settings.memory * MIB),
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        clients=settings.max_clients,
        per_address=settings.per_address,
        connects=settings.connect_rate,
        requests=settings.address_rate,
        rooms_made=settings.rooms_made,
        exempt=settings.exempt,
        bytes=settings.address_bytes * MIB,
    )
