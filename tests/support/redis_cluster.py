"""A real Redis Cluster of one's own: some masters without replicas, whose slots can be moved."""

import asyncio
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

from redis import asyncio as redis
from redis.crc import key_slot

from tests.support.ports import free_port
from tests.support.redis_server import START_WITHIN, RedisServer

SLOTS = 16384
_MOVED = 10
"""Keys that are moved at a time: few, so that much happens while a slot is at two masters."""


def slot_of(tag: str) -> int:
    """Return the slot of all keys that have a hash tag."""
    return key_slot(tag.encode())


async def ask(client: redis.Redis, *command: Any) -> Any:
    """Return what a master answers to a command."""
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]


class RedisCluster:
    """Masters with equal parts of the slots; ``async with`` starts and kills them."""

    def __init__(self, directory: Path, masters: int = 3) -> None:
        self.servers: list[RedisServer] = []
        self.clients: list[redis.Redis] = []
        self._stack = AsyncExitStack()
        self._bus = [free_port() for _ in range(masters)]
        ends = [SLOTS * number // masters for number in range(masters + 1)]
        self._owners = [number for number in range(masters) for _ in range(*ends[number:][:2])]
        for number, bus in enumerate(self._bus):
            own = directory / f"master{number}"
            own.mkdir()
            options = {"cluster_enabled": "yes", "cluster_port": str(bus)}
            # Else a master that has given its last slot away becomes a replica.
            options["cluster_allow_replica_migration"] = "no"
            self.servers.append(RedisServer(own, **options))

    async def __aenter__(self) -> "RedisCluster":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        for server in self.servers:
            await server.start()
            self._stack.push_async_callback(server.kill)
            self.clients.append(await self._stack.enter_async_context(server.client()))
        for number, client in enumerate(self.clients):
            first = self._owners.index(number)
            last = first + self._owners.count(number) - 1
            await ask(client, "CLUSTER", "ADDSLOTSRANGE", first, last)
            there = "127.0.0.1", self.servers[number].port, self._bus[number]
            await ask(self.clients[0], "CLUSTER", "MEET", *there)
        async with asyncio.timeout(START_WITHIN):
            for client in self.clients:
                while not await self._is_whole(client):
                    await asyncio.sleep(0.05)

    async def _is_whole(self, client: redis.Redis) -> bool:
        """Say whether a master knows of all others."""
        found = bytes(await ask(client, "CLUSTER", "INFO"))
        return b"cluster_state:ok" in found and b"cluster_slots_ok:%d" % SLOTS in found

    def owner(self, tag: str) -> int:
        """Return the number of the master that keeps the keys of a hash tag."""
        return self._owners[slot_of(tag)]

    def room(self, owner: int) -> str:
        """Return the name of a room that a master keeps at first."""
        return next(room for n in count() if self.owner(f"r:{(room := f'room{n}')}") == owner)

    async def configure(self, name: str, value: str) -> None:
        """Set an option of all masters."""
        for client in self.clients:
            await ask(client, "CONFIG", "SET", name, value)

    async def empty(self, source: int, to: int) -> None:
        """Move all slots of a master to another one, most of which have no keys."""
        slots = [slot for slot, owner in enumerate(self._owners) if owner == source]
        client, name = self.clients[source], await ask(self.clients[to], "CLUSTER", "MYID")
        bare = []
        for slot in slots:
            if await ask(client, "CLUSTER", "COUNTKEYSINSLOT", slot):
                await self._move(slot, to, 0.0)
            else:
                bare.append(slot)
                self._owners[slot] = to
        for one in (self.clients[to], client, *self.clients):
            pipeline = one.pipeline(transaction=False)
            for slot in bare:
                pipeline.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)
            await pipeline.execute()

    async def move(self, tag: str, to: int, pause: float = 0.0) -> None:
        """Move the slot of a hash tag as redis-cli does: key by key; then all masters are told."""
        await self._move(slot_of(tag), to, pause)

    async def _move(self, slot: int, to: int, pause: float) -> None:
        name, source = await self._begin(slot, to), self.clients[self._owners[slot]]
        target, port = self.clients[to], self.servers[to].port
        while found := await ask(source, "CLUSTER", "GETKEYSINSLOT", slot, _MOVED):
            where = "127.0.0.1", port, "", 0, 5000
            await ask(source, "MIGRATE", *where, "KEYS", *found)
            await asyncio.sleep(pause)
        self._owners[slot] = to
        for one in (target, source, *self.clients):
            await ask(one, "CLUSTER", "SETSLOT", slot, "NODE", name)

    async def begin_move(self, tag: str, to: int) -> bytes:
        """Say to both masters that the slot of a hash tag moves; return the name of the new one."""
        return await self._begin(slot_of(tag), to)

    async def _begin(self, slot: int, to: int) -> bytes:
        source, target = self.clients[self._owners[slot]], self.clients[to]
        names: list[bytes] = [await ask(one, "CLUSTER", "MYID") for one in (source, target)]
        await ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        await ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        return names[1]
