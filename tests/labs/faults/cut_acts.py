"""Ways between nodes and one shard that are cut, and subscriptions that bring nothing."""

import asyncio
import contextlib
import time

from redis.exceptions import RedisError

from tests.labs.faults.acts import some_node
from tests.labs.faults.claims import Claim
from tests.labs.faults.cluster import Cluster
from tests.labs.faults.shard_acts import room_of, sharded, some_room_shard
from tests.labs.faults.shards import SHARDS, Member
from tests.support.talker import Talker

DEAF = 6.0
"""Seconds for which nothing comes by subscriptions: longer than a probe takes to notice it."""


async def cut_off_shard(lab: Cluster, seconds: float = 10.0) -> None:
    """Cut one node off from one shard: everything is accepted, and nothing comes through."""
    here, number = sharded(lab), some_node(lab)
    shard = lab.rng.randrange(SHARDS)
    [master] = await here.masters_of([shard])
    async with lab.busy[number]:
        with here.striking(shard):
            master.proxy.hole(f"node-{number}")
            await asyncio.sleep(seconds)
            master.proxy.mend()
    lab.back.append(time.monotonic())


async def claim_in_vain(lab: Cluster, seconds: float = 10.0) -> None:
    """Cut one node off from a shard of rooms, and have a session go on there: it has to wait.

    Another one goes on there before, while its former node is deaf: nothing but the seat keeps the
    former connection from speaking.
    """
    here, number = sharded(lab), lab.rng.randrange(3)
    shard, before = await some_room_shard(here), (number + 1) % 3
    room = await room_of(here, shard, "cellar")
    lab.vaults.add(room)
    [master] = await here.masters_of([shard])
    async with (
        await Talker.connect(lab.addresses[before]) as first,
        await Talker.connect(lab.addresses[before]) as second,
    ):
        claims = [Claim(here, old, number, room) for old in (first, second)]
        for claim in claims:
            await claim.begin()
        with here.striking(shard):
            lab.proxies[before].deaf = True
            await claims[0].go_on("while its former node was deaf")
            master.proxy.hole(f"node-{number}")
            since = time.monotonic()
            await claims[1].go_on("at a node that cannot reach its room")
            await asyncio.sleep(max(0.0, since + seconds - time.monotonic()))
            master.proxy.mend()
            await claims[1].until_gone_on()
            lab.proxies[before].mend()
    lab.back.append(time.monotonic())


async def deafen_shard(lab: Cluster) -> None:
    """Let nothing come by subscriptions of one shard, while its calls are answered."""
    here, shard = sharded(lab), lab.rng.randrange(SHARDS)
    [master] = await here.masters_of([shard])
    with here.striking(shard):
        master.proxy.deaf = True
        await asyncio.sleep(DEAF)
        master.proxy.mend()


async def kill_pubsub(lab: Cluster) -> None:
    """Break all subscriptions of one shard, at the side of Redis."""
    here, shard = sharded(lab), lab.rng.randrange(SHARDS)
    [master] = await here.masters_of([shard])
    with here.striking(shard):
        await tell(master, "CLIENT", "KILL", "TYPE", "pubsub")


async def tell(member: Member, *words: str) -> None:
    """Tell a server something, if it can be told."""
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        await member.ask(*words)


async def pause_master(lab: Cluster) -> None:
    """SIGSTOP to a master, and SIGCONT before anybody takes over from it."""
    here = sharded(lab)
    [master] = await here.masters_of([lab.rng.randrange(SHARDS)])
    with here.striking(here.shards.shard(master)):
        master.pause()
        await asyncio.sleep(here.timeout / 3)
        master.resume()
