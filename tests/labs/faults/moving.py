"""Slots of a cluster that move from master to master: well, half, or by redis-cli."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from math import inf

from redis import asyncio as redis

from tests.labs.faults.shards import CONTROL, ROOMS, SLOTS, Member, Shards, slot_of
from tests.support.redis_cluster import ask

MANY = 100
"""Slots that are moved together."""
KEYS = 10
"""Keys that are moved by one command: few, so that much happens while a slot is at two masters."""
PAUSE = 0.01
"""Seconds between two of these: a slot of a thousand keys is at two masters for some seconds."""
ALL = 100_000
"""More keys than a slot has here."""
TRIES = 3
TOOL_WITHIN = 120.0
MIGRATE_MS = 5000


class Batch:
    """Some slots on their way from one master to another."""

    def __init__(self, slots: Sequence[int], source: Member, target: Member) -> None:
        self.slots = slots
        self.source = source
        self.target = target

    async def open(self) -> None:
        """Say at both masters that the slots are to be moved."""
        source, target = self.source, self.target
        await _set(target, [(slot, "IMPORTING", source.id) for slot in self.slots])
        await _set(source, [(slot, "MIGRATING", target.id) for slot in self.slots])

    async def move_keys(self, most: float = inf) -> int:
        """Move the keys, or so many of them; return how many."""
        moved = 0
        async with self.source.client() as source:
            while moved < most and (found := await self._next(source, min(KEYS, most - moved))):
                where = ("127.0.0.1", self.target.port, "", 0, MIGRATE_MS, "KEYS")
                await ask(source, "MIGRATE", *where, *found)
                moved += len(found)
                await asyncio.sleep(PAUSE)
        return moved

    async def _next(self, source: redis.Redis, most: float) -> list[bytes]:
        """Return some keys of one slot that are still at the source."""
        pipeline = source.pipeline(transaction=False)
        for slot in self.slots:
            pipeline.execute_command("CLUSTER", "GETKEYSINSLOT", slot, int(most))
        return next((found for found in await pipeline.execute() if found), [])

    async def keys_at(self, member: Member) -> list[bytes]:
        """Return the keys of the first slot that a master has."""
        found: list[bytes] = await member.ask("CLUSTER", "GETKEYSINSLOT", self.slots[0], ALL)
        return found

    async def doubled(self) -> list[bytes]:
        """Return the keys of the first slot that are at both masters: nothing may write them."""
        names = [set(await self.keys_at(member)) for member in (self.source, self.target)]
        return sorted(names[0] & names[1])

    async def leave(self, shards: Shards) -> None:
        """Leave the first slot to its owner, and delete what the other master has of it."""
        slot = self.slots[0]
        owner = (await shards.owners())[slot]
        other = self.source if owner is self.target else self.target
        await _set(other, [(slot, "IMPORTING", owner.id)])
        keys = await self.keys_at(other)
        async with other.client() as client:
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.execute_command("ASKING")
                pipeline.delete(key)
            await pipeline.execute()
        for member in (other, owner):
            async with member.client() as client:
                await ask(client, "CLUSTER", "SETSLOT", slot, "STABLE")

    async def close(self, shards: Shards) -> None:
        """Say whose the slots are: at the target first, so that nobody else takes them."""
        rows = [(slot, "NODE", self.target.id) for slot in self.slots]
        for member in (self.target, self.source):
            await _set(member, rows)
        for member in await shards.masters():
            if member not in (self.target, self.source):
                await _set(member, rows)

    async def run(self, shards: Shards) -> None:
        """Move them."""
        await self.open()
        await self.move_keys()
        await self.close(shards)


async def _set(member: Member, rows: Sequence[tuple[int, str, str]]) -> None:
    async with member.client() as client:
        pipeline = client.pipeline(transaction=False)
        for slot, *how in rows:
            pipeline.execute_command("CLUSTER", "SETSLOT", slot, *how)
        await pipeline.execute()


async def batch_with(shards: Shards, slot: int, to: int | None = None) -> Batch:
    """Return a slot and its neighbours at the same master, to be moved to the next shard."""
    owners = await shards.owners()
    source = owners[slot]
    masters = await shards.masters()
    target = masters[(shards.shard(source) + 1) % len(masters) if to is None else to]
    near = sorted(range(SLOTS), key=lambda other: abs(other - slot))
    kept = {slot_of(room) for room in ROOMS} | {CONTROL}
    slots = [n for n in near if owners[n] is source and (n == slot or n not in kept)][:MANY]
    return Batch(slots, source, target)


async def half_move(shards: Shards, slot: int) -> Batch:
    """Move half of a slot's keys, and leave it at that."""
    batch = await batch_with(shards, slot)
    batch.slots = [slot]
    count = await batch.source.ask("CLUSTER", "COUNTKEYSINSLOT", slot)
    await batch.open()
    await batch.move_keys(max(1, count // 2))
    return batch


async def tool(*words: str) -> str:
    """Run redis-cli for a cluster; return what it prints."""
    program = shutil.which("redis-cli")
    assert program is not None, "redis-cli is missing"
    process = await asyncio.create_subprocess_exec(
        *(program, "--cluster", *words, "--cluster-yes"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(TOOL_WITHIN):
            output, _ = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    text = output.decode(errors="replace")
    assert process.returncode == 0, text[-2000:]
    return text


async def fix(member: Member) -> None:
    """Have redis-cli finish what was begun, as an operator would; again if it was too early."""
    said = ""
    for _ in range(TRIES):
        try:
            await tool("fix", f"127.0.0.1:{member.port}")
            return
        except AssertionError as error:
            said = str(error)
        await asyncio.sleep(1.0)
    raise AssertionError(f"redis-cli cannot fix the cluster: {said[-700:]}")


async def _agreed(member: Member) -> None:
    """Wait until all servers agree about the slots: before that redis-cli moves none."""
    async with asyncio.timeout(TOOL_WITHIN):
        while True:
            with contextlib.suppress(AssertionError):
                await tool("check", f"127.0.0.1:{member.port}")
                return
            await asyncio.sleep(0.1)


async def reshard(source: Member, target: Member, slots: int) -> None:
    """Have redis-cli move many slots, as an operator would."""
    await _agreed(source)
    ids = ("--cluster-from", source.id, "--cluster-to", target.id)
    many = ("--cluster-slots", str(slots), "--cluster-pipeline", "10")
    await tool("reshard", f"127.0.0.1:{source.port}", *ids, *many)
