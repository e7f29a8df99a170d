"""A whole system over a Redis Cluster: each node has a way of its own to all servers."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.labs.faults import witnesses
from tests.labs.faults.chatter import Chatter
from tests.labs.faults.cluster import START_WITHIN, Cluster, Plan
from tests.labs.faults.proxy import Proxy
from tests.labs.faults.record import Wait
from tests.labs.faults.shards import CONTROL, ROOMS, SECRET, SHARDS, Member, Shards, slot_of
from tests.labs.faults.verdict import Kind, Violation
from tests.labs.faults.witnesses import Strike, Testimony

IDLE, BUSY = 2.0, 5.0
"""Seconds after which a server that does not answer is taken for dead: on a busy machine, 2 s make
servers take over that need not."""


def node_timeout() -> float:
    """Return after how many seconds servers are to be taken for dead on this machine now."""
    busy = os.environ.get("CI") or os.getloadavg()[0] > (os.cpu_count() or 1) / 2
    return float(os.environ.get("FAULTS_NODE_TIMEOUT", BUSY if busy else IDLE))


@dataclass(frozen=True)
class Bounds:
    """For how many seconds witnesses in rooms, and newcomers, may be without service at most.

    That is on an idle machine: it grows with the node timeout, and by what they had to wait before
    anything was done.
    """

    other: float = 0.5
    """In rooms of shards that were not struck."""
    own: float = 5.0
    hellos: float = 0.5


class ShardedCluster(Cluster):
    """Three nodes over three masters and their replicas."""

    bus = False
    """Whether servers hear of each other through proxies."""
    options: dict[str, str] = {}

    def __init__(self, directory: Path, plan: Plan, seed: int) -> None:
        super().__init__(directory, plan, seed)
        self.timeout = node_timeout()
        self.strikes: list[Strike] = []
        self.testimony = Testimony({shard: [] for shard in range(SHARDS)})
        self.began = time.monotonic()
        self._bounds: Bounds | None = None
        self._witnesses: list[Chatter] = []
        self._homes: dict[int, int] = {}

    async def start_broker(self) -> None:
        """Start the servers, and the nodes' ways to them."""
        ways = {f"node-{number}": Proxy(("", 0), self.rng) for number in range(3)}
        self.proxies = list(ways.values())
        options = {
            **{"cluster_node_timeout": str(int(self.timeout * 1000))},
            **{"cluster_require_full_coverage": "no", "repl_diskless_sync_delay": "0"},
            **self.options,
            **self.plan.redis,
        }
        self.shards = Shards(self.directory, self.rng, ways, self.bus, **options)
        await self.shards.start()

    def url(self, number: int) -> str:
        """Return the broker's address for a node: two masters that it asks for the others."""
        ports = [self.shards.pairs[n % SHARDS][0].proxy.port for n in (number, number + 1)]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"redis+cluster://node-{number}:{SECRET}@{hosts}"

    async def start(self) -> None:
        """Start everything, and wait until all clients are in their rooms."""
        await super().start()
        self._witnesses = [self.add_chatter(n, "witness", room) for n, room in enumerate(ROOMS)]
        await self.until(lambda: all(map(self.is_in, self._witnesses)), START_WITHIN)
        shards = await self.shards.shards_of([slot_of(room) for room in ROOMS])
        self._homes = {
            witness.number: shard for witness, shard in zip(self._witnesses, shards, strict=True)
        }
        self.began = time.monotonic()

    async def stop(self) -> None:
        """End everything that was started."""
        await super().stop()
        await self.shards.end()

    async def talk(self) -> None:
        """Let clients, witnesses and newcomers speak."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(super().talk())
            tasks.create_task(witnesses.testify(self, self._witnesses))
            tasks.create_task(witnesses.newcomers(self, self.testimony.hellos))

    # Faults

    def expect(self, bounds: Bounds) -> None:
        """See that nobody is without service for longer because of a fault."""
        self._bounds = bounds

    @contextmanager
    def striking(self, *shards: int) -> Iterator[Strike]:
        """Note that some shards are struck, until the end of the block: then they serve again."""
        strike = Strike(frozenset(shards), time.monotonic())
        self.strikes.append(strike)
        self.faults += 1
        try:
            yield strike
        finally:
            strike.end = min(strike.end, time.monotonic())

    def rooms_of(self, shard: int) -> set[str]:
        """Return the rooms with witnesses that a shard had at first."""
        here = [chatter for chatter in self._witnesses if self._homes[chatter.number] == shard]
        return {chatter.rooms[0] for chatter in here}

    async def home(self) -> int:
        """Return the shard that has the control slot now."""
        return (await self.shards.shards_of([CONTROL]))[0]

    async def masters_of(self, shards: Iterable[int]) -> list[Member]:
        """Return the masters of some shards."""
        masters = await self.shards.masters()
        return [masters[shard] for shard in shards]

    # The end

    async def settle(self) -> None:
        """Wait until nothing more has to come, and say what took too long."""
        await super().settle()
        for wait in self.record.waits:
            if (shard := self._homes.get(wait.session)) is not None:
                self.testimony.waits[shard].append(wait)
        if self._bounds is not None:
            self._judge(self._bounds)

    def times(self) -> dict[str, float]:
        """Return what witnesses and newcomers had to wait at most because of the faults."""
        return self.testimony.times(self.strikes)

    def _judge(self, bounds: Bounds) -> None:
        """Say which times are above their bounds."""
        most = {"other rooms": bounds.other, "its rooms": bounds.own, "hellos": bounds.hellos}
        times, usual = self.times(), self._usual()
        for name, idle in most.items():
            bound = idle * self.timeout / IDLE + usual
            if times[name] > bound:
                text = f"{name} were without service for {times[name]:.1f} s, not {bound:.1f} s"
                self.found.append(Violation(Kind.LATE, text))

    def _usual(self) -> float:
        """Return the longest wait before the first fault: that of the machine."""
        first = min((strike.start for strike in self.strikes), default=self.began)
        waits: list[Wait] = [*self.testimony.hellos]
        for found in self.testimony.waits.values():
            waits += found
        return max(
            (w.until - w.since for w in waits if w.since > self.began and w.until < first),
            default=0.0,
        )
