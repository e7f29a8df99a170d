"""The scenarios that run on a Redis Cluster: what befalls shards, and ordinary ones once more."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tests.labs.faults import acts, cut_acts, shard_acts, slot_acts, steps
from tests.labs.faults.acts import Act
from tests.labs.faults.cluster import Cluster, Plan
from tests.labs.faults.scenarios import (
    FORGETFUL,
    SCENARIOS,
    Drive,
    Scenario,
    anything,
    every,
    once,
)
from tests.labs.faults.shard_acts import SplitCluster, SteadyCluster, sharded
from tests.labs.faults.sharded import Bounds, ShardedCluster

ORDINARY = (
    *("calm", "node killed", "node hangs", "rolling restart", "pubsub killed"),
    *("cut before reply", "connections cut", "node cut off", "clients abort"),
)
"""Scenarios about nodes, ways and clients, which are the same on a cluster."""

OLD = 8.0
"""Seconds after which a room is not new any more."""
ROOM_LOST = Bounds()
CONTROL_LOST = Bounds(hellos=6.0)
MOVING = Bounds(own=1.0)
CONTROL_MOVING = Bounds(own=1.0, hellos=1.0)
HALF = Bounds(own=slot_acts.HALF + 5.0, hellos=slot_acts.HALF + 5.0)
MANY = 1500
"""Entries that a room keeps: more than an isolated master takes before its replica takes over."""
DURABLE = Plan(
    seconds=40,
    history=MANY,
    flags=("--durability", "1"),
    redis={"min-replicas-to-write": "1", "min-replicas-max-lag": "2"},
)


def within(bounds: Bounds, drive: Drive) -> Drive:
    """Do something, and see that nobody is without service for longer."""

    async def bounded(lab: Cluster, end: float) -> None:
        sharded(lab).expect(bounds)
        await drive(lab, end)

    return bounded


def later(drive: Drive) -> Drive:
    """Do something when rooms are a while old.

    Nodes that have made a room at the same moment take its members for lost for some seconds, and
    put them back again and again: all that a client asks for waits while a shard is away that is
    needed for this.
    """

    async def delayed(lab: Cluster, end: float) -> None:
        await asyncio.sleep(OLD)
        await drive(lab, end)

    return delayed


def alone(act: Act) -> Act:
    """Do something to a server while nothing else is done to any server."""

    async def exclusive(lab: Cluster) -> None:
        async with lab.redis_busy:
            await act(lab)

    return exclusive


SHARDS: tuple[Act, ...] = tuple(
    alone(act)
    for act in (
        *(shard_acts.lose_room_master, shard_acts.lose_control_master, cut_acts.kill_pubsub),
        *(cut_acts.deafen_shard, cut_acts.cut_off_shard, cut_acts.pause_master),
        *(slot_acts.move_some,) * 3,
    )
)
ANYTHING: tuple[Act, ...] = (
    *(acts.kill_node, acts.hang_node, acts.drain_node, *SHARDS),
    *(acts.cut, acts.drop_reply, acts.hole, acts.delay),
    *(acts.abort_client,) * 5,
    *(acts.deafen_client,) * 2,
)

_OF_SHARDS = [
    Scenario(
        "room master lost",
        within(ROOM_LOST, later(once(shard_acts.lose_room_master))),
        Plan(seconds=50),
        rules=FORGETFUL,
        short=12.0,
        short_grace=8.0,
    ),
    Scenario(
        "control master lost",
        within(CONTROL_LOST, later(once(shard_acts.lose_control_master))),
        Plan(seconds=50),
        rules=FORGETFUL,
        short=18.0,
        short_grace=12.0,
    ),
    Scenario(
        "shards rolled back",
        every(3.0, 5.0, shard_acts.roll_back_some),
        Plan(seconds=60),
        FORGETFUL,
        cluster=SteadyCluster,
        short=12.0,
        short_history=90,
    ),
    Scenario(
        "masters isolated",
        shard_acts.isolate_masters,
        Plan(seconds=50, history=MANY),
        FORGETFUL,
        cluster=SplitCluster,
        short=20.0,
        short_history=500,
    ),
    Scenario(
        "isolated, durable",
        shard_acts.isolate_with_node,
        DURABLE,
        FORGETFUL,
        cluster=SplitCluster,
        short=20.0,
        short_history=500,
    ),
    Scenario("rooms move", within(MOVING, slot_acts.move_rooms), short=10.0),
    Scenario(
        "rooms and sessions move",
        within(CONTROL_MOVING, slot_acts.move_rooms_and_control),
        short=10.0,
    ),
    Scenario(
        "redis-cli reshards",
        within(CONTROL_MOVING, slot_acts.reshard),
        Plan(seconds=40, clients=12, rate=500.0, history=2000),
        short=20.0,
    ),
    Scenario(
        "a move stops half way",
        within(HALF, slot_acts.move_half),
        Plan(seconds=45),
        short=16.0,
        short_grace=20.0,
    ),
    Scenario("node dies between steps", steps.kill_in_between, Plan(seconds=80), short=30.0),
    Scenario(
        "cut off from a shard",
        every(1.0, 2.0, cut_acts.cut_off_shard, cut_acts.claim_in_vain),
        Plan(seconds=50),
        short=16.0,
        short_grace=12.0,
    ),
    Scenario("shard is deaf", every(1.0, 3.0, cut_acts.deafen_shard, cut_acts.kill_pubsub)),
    Scenario("node stops for 70 s", steps.stop_in_between, Plan(seconds=85), short=35.0),
    Scenario(
        "anything, on a cluster",
        lambda lab, end: anything(lab, end, ANYTHING),
        Plan(seconds=240),
        FORGETFUL,
        short=15.0,
        short_grace=15.0,
    ),
]


def _on_a_cluster(names: Sequence[str]) -> list[Scenario]:
    found = [one for one in SCENARIOS if one.name in names]
    return [replace(one, name=f"{one.name}, on a cluster", cluster=ShardedCluster) for one in found]


CLUSTER_SCENARIOS = [
    *(
        replace(one, cluster=ShardedCluster) if one.cluster is Cluster else one
        for one in _OF_SHARDS
    ),
    *_on_a_cluster(ORDINARY),
]
