"""A real Redis Cluster behind proxies: masters with one replica each, which can be told apart."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.labs.faults.proxy import Pair, Proxy
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

SLOTS = 16384
SHARDS = 3
ROOMS = ("general", "room-0", "room-1", "room-2", "room-3", "room-4")
"""Each shard has two of them at first."""
CONTROL = key_slot(b"c")
"""The slot of all that is about sessions."""
SECRET = "laboratory"
WITHIN = 60.0
"""Seconds for what happens soon on a machine that is not busy."""
LOOK = 0.05
"""Seconds between two looks: servers do not tell what becomes of their cluster."""
_USER = re.compile(rb"AUTH\r\n\$\d+\r\n(\S+)\r\n")
_SENDER = slice(40, 80)
"""Where a packet of the cluster's bus names the server that sends it."""


def slot_of(room: str) -> int:
    """Return the slot of a room."""
    return key_slot(f"r:{room}".encode())


class ServerProxy(Proxy):
    """The proxy before a server. Nodes are known by their users, and each has a way of its own."""

    def __init__(self, target: tuple[str, int], rng: Random, ways: dict[str, Proxy]) -> None:
        super().__init__(target, rng)
        self._ways = ways

    def sort(self, pair: Pair, data: bytes) -> None:
        """Find out whose connection it is by what it says."""
        if (found := _USER.search(data)) and (user := found[1].decode()) in self._ways:
            pair.kind = user
            pair.belong(self._ways[user])
        elif not pair.kind.startswith("node-"):
            super().sort(pair, data)


class BusProxy(Proxy):
    """The proxy before the port by which a server hears of the others; it tells them apart."""

    def sort(self, pair: Pair, data: bytes) -> None:
        """Find out whose connection it is: its packets name their sender."""
        if not pair.kind and data.startswith(b"RCmb"):
            pair.kind = data[_SENDER].decode("ascii", "replace")


class Member(RedisServer):
    """A server of the cluster; others, and nodes, know it by the port of its proxy."""

    def __init__(
        self, directory: Path, rng: Random, ways: dict[str, Proxy], bus: bool, **options: str
    ) -> None:
        directory.mkdir()
        acl = directory / "users.acl"
        users = [("default", "nopass"), *((name, f">{SECRET}") for name in ways)]
        acl.write_text("".join(f"user {name} on {how} ~* &* +@all\n" for name, how in users))
        bus_port = free_port()
        options |= {"cluster_enabled": "yes", "cluster_port": str(bus_port), "aclfile": str(acl)}
        super().__init__(directory, **options)
        self.proxy = ServerProxy(("127.0.0.1", self.port), rng, ways)
        self.bus = BusProxy(("127.0.0.1", bus_port), rng) if bus else None
        self.bus_port = bus_port
        self.id = ""

    async def begin(self) -> None:
        """Start it for the first time, with its proxies."""
        await self.proxy.start()
        if self.bus is not None:
            await self.bus.start()
            self.bus_port = self.bus.port
        announced = {"ip": "127.0.0.1", "port": self.proxy.port, "bus-port": self.bus_port}
        self.options |= {f"cluster-announce-{name}": str(what) for name, what in announced.items()}
        await self.start()
        self.id = (await self.ask("CLUSTER", "MYID")).decode()

    async def close(self) -> None:
        """End its proxies, when all servers have ended: they connect to each other again."""
        await self.proxy.stop()
        if self.bus is not None:
            await self.bus.stop()

    async def ask(self, *command: Any) -> Any:
        """Return what it answers to a command."""
        async with self.client() as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]

    async def is_master(self) -> bool:
        """Say whether it answers, and takes itself for a master."""
        return await self._says("role", "master")

    async def follows(self) -> bool:
        """Say whether it answers, and has all that its master has sent so far."""
        return await self._says("master_link_status", "up")

    async def _says(self, name: str, value: str) -> bool:
        if not self.running:
            return False
        with contextlib.suppress(RedisError, OSError):
            async with self.client() as client:
                return (await client.info("replication")).get(name) == value
        return False


class Shards:
    """The members of a cluster: ``pairs`` of a master and its replica, at first in this order."""

    def __init__(
        self, directory: Path, rng: Random, ways: dict[str, Proxy], bus: bool, **options: str
    ) -> None:
        names = [(f"master-{n}", f"replica-{n}") for n in range(SHARDS)]
        self.pairs = [
            (
                Member(directory / first, rng, ways, bus, **options),
                Member(directory / second, rng, ways, bus, **options),
            )
            for first, second in names
        ]

    @property
    def members(self) -> list[Member]:
        """All servers, the masters first."""
        return [pair[n] for n in range(2) for pair in self.pairs]

    async def start(self) -> None:
        """Start all servers and make them a cluster."""
        members = self.members
        await asyncio.gather(*[member.begin() for member in members])
        for number, member in enumerate(members):
            await member.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, master in enumerate(members[:SHARDS]):
            first, end = (SLOTS * n // SHARDS for n in (number, number + 1))
            await master.ask("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for member in members[1:]:
            await members[0].ask("CLUSTER", "MEET", "127.0.0.1", member.proxy.port, member.bus_port)
        await self.until(self._all_say("cluster_known_nodes", len(members)))
        for master, replica in self.pairs:
            await replica.ask("CLUSTER", "REPLICATE", master.id)
        await self.until(self._all_say("cluster_state", "ok"))
        for _, replica in self.pairs:
            await self.until(replica.follows)

    async def end(self) -> None:
        """End all servers and proxies."""
        for member in self.members:
            await member.kill()
        for member in self.members:
            await member.close()

    async def until(self, condition: Callable[[], Awaitable[bool]], within: float = WITHIN) -> None:
        """Wait until something is so. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not await condition():
                await asyncio.sleep(LOOK)

    def _all_say(self, name: str, value: object) -> Callable[[], Awaitable[bool]]:
        async def condition() -> bool:
            running = [member for member in self.members if member.running]
            found = [bytes(await member.ask("CLUSTER", "INFO")) for member in running]
            return all(f"{name}:{value}".encode() in one for one in found)

        return condition

    async def until_whole(self) -> None:
        """Wait until all running members say that the cluster is whole, and replicas follow."""
        await self.until(self._all_say("cluster_state", "ok"))
        await self.until(self._have_followers)

    async def _have_followers(self) -> bool:
        for pair in self.pairs:
            if not any([await member.follows() for member in pair]):
                return False
        return True

    # Who has what

    async def owners(self) -> dict[int, Member]:
        """Return which running member keeps each slot, as most of them see it."""
        seen: list[dict[int, int]] = []
        for member in self.members:
            with contextlib.suppress(RedisError, OSError):
                if member.running:
                    seen.append(_ports(await member.ask("CLUSTER", "SLOTS")))
        by_port = {member.proxy.port: member for member in self.members}
        votes: dict[int, list[int]] = {}
        for found in seen:
            for slot, port in found.items():
                votes.setdefault(slot, []).append(port)
        return {slot: by_port[max(set(all), key=all.count)] for slot, all in votes.items()}

    async def masters(self) -> list[Member]:
        """Return the master of each shard, as most members see it."""
        keeping = set((await self.owners()).values())
        return [next(member for member in pair if member in keeping) for pair in self.pairs]

    def shard(self, member: Member) -> int:
        """Return the number of a member's shard."""
        return next(n for n, pair in enumerate(self.pairs) if member in pair)

    def other(self, member: Member) -> Member:
        """Return the other member of its shard."""
        first, second = self.pairs[self.shard(member)]
        return second if member is first else first

    async def shards_of(self, slots: Sequence[int]) -> list[int]:
        """Return which shard keeps each of some slots."""
        owners = await self.owners()
        return [self.shard(owners[slot]) for slot in slots]


def _ports(rows: Any) -> dict[int, int]:
    return {
        slot: int(port)
        for first, last, (_, port, *_), *_ in rows
        for slot in range(int(first), int(last) + 1)
    }
