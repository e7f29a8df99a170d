"""A Redis with an asynchronous replica and a Sentinel, and the loss of its master."""

import asyncio
import contextlib
from pathlib import Path


from redis.exceptions import RedisError

from tests.faults.cluster import Cluster
from tests.faults.proxy import Proxy

from tests.support.redis_server import RedisServer, program

SERVICE = "chat"
WITHIN = 30.0


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
        await self.redis.start()
        self.way = Proxy(("127.0.0.1", self.redis.port), self.rng)
        await self.way.start()
        self.proxies.append(self.way)
        self.replica = RedisServer(self._place("replica"), replicaof=f"127.0.0.1 {self.way.port}")
        self.extra.append(self.replica)
        await self.replica.start()
        await self._until_replica_says("master_link_status", "up")
        lines = f"monitor {SERVICE} 127.0.0.1 {self.way.port} 1"
        lines += f"|down-after-milliseconds {SERVICE} 1000|failover-timeout {SERVICE} 10000"
        self.sentinel = Sentinel(self._place("sentinel"), lines=lines)
        self.extra.append(self.sentinel)
        await self.sentinel.start()
        async with self.sentinel.client() as client, asyncio.timeout(WITHIN):
            while not await client.execute_command(  # type: ignore[no-untyped-call]
                "SENTINEL", "REPLICAS", SERVICE
            ):
                await asyncio.sleep(0.1)

    def _place(self, name: str) -> Path:
        directory = self.directory / name
        directory.mkdir()
        return directory

    async def _until_replica_says(self, name: str, value: str) -> None:
        found = None
        async with self.replica.client() as client, asyncio.timeout(WITHIN):
            while found != value:
                await asyncio.sleep(0.05)
                # Whoever is promoted breaks its connections.
                with contextlib.suppress(RedisError):
                    found = (await client.info("replication")).get(name)

    def url(self, number: int) -> str:
        """Return the Sentinel's address."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}/0"

    async def promoted(self) -> None:
        """Wait until the replica is the master."""
        await self._until_replica_says("role", "master")


async def fail_over(lab: Cluster, end: float) -> None:
    """Isolate the master, let it acknowledge more, and have the replica promoted."""
    assert isinstance(lab, SentinelCluster)
    await asyncio.sleep(min(5.0, lab.plan.seconds / 5))
    lab.faults += 1
    lab.way.hole("replica")
    await asyncio.sleep(1.0)
    # Only the nodes reach it now: what it still acknowledges is nowhere else.
    lab.way.hole("sentinel")
    await lab.promoted()
    lab.way.hole()
    lab.way.cut()
