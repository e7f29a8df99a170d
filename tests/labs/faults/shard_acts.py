"""What is done to the servers of a cluster, one shard or another."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from math import inf


from tests.labs.faults import claims, visitors
from tests.labs.faults.cluster import START_WITHIN, Cluster
from tests.labs.faults.failover import LEAST
from tests.labs.faults.record import Acked
from tests.labs.faults.sharded import ShardedCluster
from tests.labs.faults.shards import LOOK, ROOMS, SHARDS, WITHIN, Member, slot_of
from tests.labs.faults.verdict import Kind, Violation

KILLED_WITHIN = 0.3
"""Seconds after which a master that is being killed is dead."""


class SteadyCluster(ShardedCluster):
    """A cluster whose replicas never take over: masters come back with what they remember."""

    options = {"cluster_replica_no_failover": "yes"}


class SplitCluster(ShardedCluster):
    """A cluster whose servers can be cut off from each other."""

    bus = True


def sharded(lab: Cluster) -> ShardedCluster:
    """Return a laboratory that has shards."""
    assert isinstance(lab, ShardedCluster)
    return lab


async def rooms_only(lab: ShardedCluster) -> list[int]:
    """Return the shards without the control slot, in some order."""
    home = await lab.home()
    return lab.rng.sample([shard for shard in range(SHARDS) if shard != home], SHARDS - 1)


async def some_room_shard(lab: ShardedCluster) -> int:
    """Return a shard that keeps nothing but rooms."""
    return (await rooms_only(lab))[0]


async def room_of(lab: ShardedCluster, shard: int, name: str) -> str:
    """Return a room that a shard keeps."""
    owners = {
        slot: lab.shards.shard(member) for slot, member in (await lab.shards.owners()).items()
    }
    return next(room for n in count() if owners[slot_of(room := f"{name}-{n}")] == shard)


# Masters that die


async def lose_master(lab: ShardedCluster, shard: int) -> float:
    """SIGKILL to a master, until its replica has taken over; then it follows that one.

    Returns a time at which the replica had certainly not taken over yet.
    """
    [master] = await lab.masters_of([shard])
    with lab.striking(shard):
        await master.kill()
        away = await _until_replaced(lab, master)
    lab.back.append(time.monotonic())
    await asyncio.sleep(1.0)
    await master.start()
    await lab.shards.until_whole()
    return away


async def _until_replaced(lab: ShardedCluster, master: Member) -> float:
    replica, away = lab.shards.other(master), time.monotonic()
    async with asyncio.timeout(WITHIN):
        while True:
            looked = time.monotonic()
            if await replica.is_master():
                return away
            away = looked
            await asyncio.sleep(LOOK)


async def lose_room_master(lab: Cluster) -> None:
    """Do it to a shard without the control slot, with somebody who quits meanwhile: that nick is
    not to be had until all rooms have seen it.
    """
    here = sharded(lab)
    shard = await some_room_shard(here)
    quitter = lab.add_chatter(lab.rng.randrange(100), "testator", *ROOMS)
    await lab.until(lambda: lab.is_in(quitter), START_WITHIN)
    losing = asyncio.create_task(lose_master(here, shard))
    await lab.until(lambda: bool(here.strikes) and here.strikes[-1].end == inf, START_WITHIN)
    await asyncio.sleep(KILLED_WITHIN)
    inherited = asyncio.create_task(claims.inherit(here, quitter))
    away = await losing
    if not inherited.done():
        inherited.cancel()
        await asyncio.gather(inherited, return_exceptions=True)
    elif inherited.result() < away:
        text = f"a stranger became {quitter.nick} before all rooms had seen that one leave"
        lab.found.append(Violation(Kind.NICK, text))


async def lose_control_master(lab: Cluster) -> None:
    """Do it to the shard that has the control slot."""
    here = sharded(lab)
    await lose_master(here, await here.home())


# Masters that go back


async def roll_back(lab: ShardedCluster, shards: Sequence[int], seconds: float = 3.0) -> None:
    """Let masters forget the last seconds, one after the other: somebody quits in those, somebody
    takes another nick, somebody comes; some servers know nothing of that afterwards.
    """
    guests = [lab.add_chatter(lab.rng.randrange(100), "fleeting") for _ in range(2)]
    await lab.until(lambda: all(map(lab.is_in, guests)), START_WITHIN)
    masters = await lab.masters_of(shards)
    for master in masters:
        await master.ask("SAVE")
    await asyncio.sleep(seconds / 2)
    guests[0].quit()
    guests[1].rename(f"fickle{guests[1].number}")
    early = lab.add_chatter(lab.rng.randrange(100), "early")
    await asyncio.sleep(seconds / 2)
    await lab.until(lambda: lab.is_in(early), START_WITHIN)
    for shard, master in zip(shards, masters, strict=True):
        with lab.striking(shard):
            await master.kill()
            await master.start()
        lab.back.append(time.monotonic())
        if shard != shards[-1]:
            await asyncio.sleep(lab.rng.uniform(0.0, 4.0))


async def roll_back_some(lab: Cluster) -> None:
    """Roll back a shard of rooms, the one of sessions, or first one and then the other."""
    here = sharded(lab)
    home, room = await here.home(), await some_room_shard(here)
    turn = len(here.strikes) % 4
    await roll_back(here, [[room], [home], [room, home], [home, room]][turn])
    await here.shards.until_whole()


# Masters that are cut off


async def isolate(lab: ShardedCluster, shard: int) -> int:
    """Isolate a master until its replica has taken over; return how many messages to its rooms it
    still acknowledged. Then it comes back, as a replica.
    """
    [master] = await lab.masters_of([shard])
    replica = lab.shards.other(master)
    with lab.striking(shard):
        master.proxy.hole("replica")
        await asyncio.sleep(1.0)
        # Only the nodes reach it now: what it still acknowledges is nowhere else.
        since = time.monotonic()
        for member in lab.shards.members:
            assert member.bus is not None
            member.bus.hole(*() if member is master else (master.id,))
        await lab.shards.until(replica.is_master)
        master.proxy.hole()
        acknowledged = _acknowledged(lab, shard, since)
    master.proxy.cut()
    lab.back.append(time.monotonic())
    return acknowledged


async def join_again(lab: ShardedCluster) -> None:
    """End all isolation, and wait until it is over."""
    for member in lab.shards.members:
        member.proxy.mend()
        if member.bus is not None:
            member.bus.mend()
            member.bus.cut()
    await lab.shards.until_whole()


def _acknowledged(lab: ShardedCluster, shard: int, since: float) -> int:
    rooms = lab.rooms_of(shard)
    return sum(
        isinstance(event, Acked) and event.at > since and event.room in rooms
        for event in lab.record.events
    )


async def isolate_masters(lab: Cluster, end: float) -> None:
    """Isolate the master of a shard of rooms, and later that of sessions."""
    here, notes = sharded(lab), []
    for shard in (await some_room_shard(here), await here.home()):
        await asyncio.sleep(min(5.0, lab.plan.seconds / 8))
        acknowledged = await isolate(here, shard)
        notes.append(str(acknowledged))
        assert acknowledged >= LEAST
        await asyncio.sleep(1.0)
        await join_again(here)
        if time.monotonic() + 10 > end:
            break
    lab.note = f"isolated masters acknowledged {' and '.join(notes)} messages"


async def isolate_with_node(lab: Cluster, end: float) -> None:
    """The same; the only node that remembers what was said in a room dies with its master."""
    here = sharded(lab)
    shard = await some_room_shard(here)
    vault = await room_of(here, shard, "vault")
    lab.vaults.add(vault)
    saving = visitors.save(lab.number(), vault, lab.addresses[0], lab.record)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(saving)
        await asyncio.sleep(min(5.0, lab.plan.seconds / 5))
        acknowledged = await isolate(here, shard)
        lab.note = f"the isolated master acknowledged {acknowledged} messages"
        if acknowledged and "--durability" in lab.plan.flags:
            text = f"{acknowledged} were acknowledged, on no replica"
            lab.found.append(Violation(Kind.LOST, text))
        await lab.nodes[0].kill()
    await join_again(here)
    await lab.restart_node(0)
