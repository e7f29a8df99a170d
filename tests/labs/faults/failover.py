"""A Redis with asynchronous replicas and a Sentinel, and the loss of its master."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from redis.exceptions import RedisError

from tests.labs.faults import visitors
from tests.labs.faults.cluster import Cluster
from tests.labs.faults.proxy import Proxy
from tests.labs.faults.verdict import Kind, Violation
from tests.support.redis_server import RedisServer, program

SERVICE = "chat"
REPLICAS = ("replica-1", "replica-2")
"""Two, so that the one which is promoted has a replica at once."""
WITHIN = 30.0
LEAST = 3
"""Messages that the isolated master acknowledges at least, so that there is something to lose."""
VAULT = "vault"
DOWN_AFTER = 2000
"""Milliseconds without an answer: on a busy machine a master that lives was called down after 1 s,
and the fail-over began before the scenario did."""


class Sentinel(RedisServer):
    """A Sentinel that watches one master."""

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        config = self.directory / "sentinel.conf"
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.directory}"]
        lines += [f"sentinel {name.replace('_', '-')}" for name in self.options["lines"].split("|")]
        config.write_text("\n".join(lines) + "\n")
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(program(), str(config), "--sentinel"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._answering()


class SentinelCluster(Cluster):
    """A cluster whose nodes ask a Sentinel for their Redis.

    All who want the master go through one proxy, which tells them from each other by what they say.
    """

    async def start_broker(self) -> None:
        """Start master, proxy, replica and Sentinel, and wait until these know each other."""
        self.replicas: list[RedisServer] = []
        await self.redis.start()
        self.way = Proxy(("127.0.0.1", self.redis.port), self.rng)
        await self.way.start()
        self.proxies.append(self.way)
        options = {**self.plan.redis, "replicaof": f"127.0.0.1 {self.way.port}"}
        for name in REPLICAS:
            replica = RedisServer(self._place(name), **options)
            self.extra.append(replica)
            self.replicas.append(replica)
            await replica.start()
        await self._until_replicas_say(all, "master_link_status", "up")
        lines = f"monitor {SERVICE} 127.0.0.1 {self.way.port} 1"
        lines += f"|down-after-milliseconds {SERVICE} {DOWN_AFTER}|failover-timeout {SERVICE} 10000"
        self.sentinel = Sentinel(self._place("sentinel"), lines=lines)
        self.extra.append(self.sentinel)
        await self.sentinel.start()
        async with self.sentinel.client() as client, asyncio.timeout(WITHIN):
            known: list[object] = []
            while len(known) < len(REPLICAS):
                await asyncio.sleep(0.1)
                known = await client.execute_command(  # type: ignore[no-untyped-call]
                    "SENTINEL", "REPLICAS", SERVICE
                )

    def _place(self, name: str) -> Path:
        directory = self.directory / name
        directory.mkdir()
        return directory

    async def _until_replicas_say(
        self, enough: Callable[[list[bool]], bool], name: str, value: str
    ) -> None:
        found = [False]
        async with asyncio.timeout(WITHIN):
            while not enough(found):
                await asyncio.sleep(0.05)
                found = [await _says(replica, name, value) for replica in self.replicas]

    def url(self, number: int) -> str:
        """Return the Sentinel's address."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}/0"

    async def isolate(self) -> int:
        """Isolate the master until a replica is promoted; return how much it still acknowledged."""
        self.faults += 1
        self.way.hole("replica")
        await asyncio.sleep(1.0)
        before = self.messages()
        # Only the nodes reach it now: what it still acknowledges is nowhere else.
        self.way.hole("sentinel")
        await self._until_replicas_say(any, "role", "master")
        acknowledged = self.messages() - before
        self.note = f"the isolated master acknowledged {acknowledged} messages"
        self.way.hole()
        return acknowledged


async def _says(server: RedisServer, name: str, value: str) -> bool:
    # Who is promoted breaks its connections.
    with contextlib.suppress(RedisError, OSError):
        async with server.client() as client:
            return (await client.info("replication")).get(name) == value
    return False


async def fail_over(lab: Cluster, end: float) -> None:
    """Isolate the master, let it acknowledge more, and have a replica promoted."""
    assert isinstance(lab, SentinelCluster)
    await asyncio.sleep(min(5.0, lab.plan.seconds / 5))
    assert await lab.isolate() >= LEAST
    lab.way.cut()


async def fail_over_with_node(lab: Cluster, end: float) -> None:
    """The same; and the only node that remembers what was said in a room dies with the master.

    With durability the master acknowledges nothing when it is isolated.
    """
    assert isinstance(lab, SentinelCluster)
    lab.vaults.add(VAULT)
    saving = visitors.save(lab.number(), VAULT, lab.addresses[0], lab.record)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(saving)
        await asyncio.sleep(min(5.0, lab.plan.seconds / 5))
        acknowledged = await lab.isolate()
        if acknowledged and "--durability" in lab.plan.flags:
            lab.found.append(
                Violation(Kind.LOST, f"{acknowledged} were acknowledged, on no replica")
            )
        await lab.nodes[0].kill()
    lab.way.cut()
    await lab.restart_node(0)
