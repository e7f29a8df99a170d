"""The scenarios: what is done to a system while its clients talk, and what may happen then."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.labs.faults import acts, clock, doubles, ends, failover, frames, slow, strangers
from tests.labs.faults.acts import Act
from tests.labs.faults.cluster import Cluster, Plan
from tests.labs.faults.verdict import Rules

AOF = {"appendonly": "yes", "appendfsync": "always"}

Drive = Callable[[Cluster, float], Coroutine[Any, Any, None]]
"""Does things to a system until a time, and leaves it whole."""


@dataclass(frozen=True)
class Scenario:
    """One line of the table.

    ``short`` is how many seconds it takes at least to show anything, ``short_grace`` how many its
    clients then need to be continued in time, ``short_history`` how many entries rooms then keep:
    more than Redis forgets in it, and less than is said.
    """

    name: str
    drive: Drive
    plan: Plan = field(default_factory=Plan)
    rules: Rules = Rules()
    short: float = 5.0
    short_grace: float = 4.0
    short_history: int = 50
    cluster: type[Cluster] = Cluster


def every(least: float, most: float, *choices: Act) -> Drive:
    """Do one of some things, wait, and again."""

    async def drive(lab: Cluster, end: float) -> None:
        await asyncio.sleep(min(1.0, lab.plan.seconds / 5))
        while True:
            await lab.rng.choice(choices)(lab)
            pause = lab.rng.uniform(least, most)
            if time.monotonic() + pause >= end:
                return
            await asyncio.sleep(pause)

    return drive


def once(act: Act) -> Drive:
    """Do something, again and again only if there is a lot of time."""
    return every(5.0, 8.0, act)


async def calm(lab: Cluster, end: float) -> None:
    """Do nothing."""


async def roll_all(lab: Cluster, end: float) -> None:
    """SIGTERM to one node after the other, round and round."""
    while time.monotonic() < end:
        for number in range(len(lab.nodes)):
            lab.faults += 1
            lab.nodes[number].terminate()
            await lab.restart_node(number)
            await asyncio.sleep(0.5)


async def hang(lab: Cluster, end: float) -> None:
    """Stop nodes, for shorter and for longer than their leases."""
    await asyncio.sleep(1)
    for seconds in (11.0, 3.0, 20.0, 7.0, 9.0):
        await doubles.hang_node(lab, seconds)
        if time.monotonic() + 3 > end:
            return
        await asyncio.sleep(3)


ANYTHING: tuple[Act, ...] = (
    *(acts.kill_node, acts.hang_node, acts.drain_node, acts.kill_redis, acts.pause_redis),
    *(acts.kill_pubsub, acts.cut, acts.drop_reply, acts.hole, acts.delay),
    *(acts.abort_client,) * 5,
    *(acts.deafen_client,) * 2,
)


async def anything(lab: Cluster, end: float, choices: Sequence[Act] = ANYTHING) -> None:
    """Do everything, several things at a time, one node left in peace."""
    tasks: list[asyncio.Task[None]] = []
    end -= min(10.0, lab.plan.seconds / 4)
    while time.monotonic() < end:
        under_way = sum(not task.done() for task in tasks)
        if under_way < 3 and sum(lock.locked() for lock in lab.busy) < 2:
            tasks.append(asyncio.create_task(lab.rng.choice(choices)(lab)))
        await asyncio.sleep(lab.rng.uniform(0.0, 1.0))
    # All of them: one that failed long ago has left something broken.
    await asyncio.gather(*tasks)


FORGETFUL = Rules(forgetful=True)

ALL = 200_000
"""Entries that no room gets to."""

DURABLE = Plan(
    seconds=40,
    flags=("--durability", "1"),
    redis={"min-replicas-to-write": "1", "min-replicas-max-lag": "2"},
)

FULL = Plan(
    seconds=40,
    patience=20.0,
    flags=("--room-idle", "3"),
    redis={"maxmemory": "30mb", "maxmemory-policy": "noeviction"},
)

SCENARIOS = [
    Scenario("calm", calm, Plan(quits=True)),
    Scenario("node killed", every(1.0, 4.0, acts.kill_node)),
    Scenario("node hangs", hang, Plan(seconds=75), short=13.0),
    Scenario("rolling restart", roll_all, Plan(quits=True)),
    Scenario("Redis killed, AOF", every(2.0, 5.0, acts.kill_redis), Plan(redis=AOF)),
    Scenario(
        *("Redis rolled back", every(2.0, 4.0, acts.roll_back), Plan(), FORGETFUL),
        short=9.0,
        short_history=90,
    ),
    Scenario("pubsub killed", every(0.5, 0.5, acts.kill_pubsub), Plan(quits=True)),
    Scenario("cut before reply", every(0.1, 0.5, acts.drop_reply), Plan(quits=True)),
    Scenario("connections cut", every(0.1, 0.5, acts.cut, acts.delay), Plan(quits=True)),
    Scenario(
        *("node cut off", once(lambda lab: acts.hole(lab, 15.0))), short=16.0, short_grace=10.0
    ),
    Scenario("Redis hangs", once(lambda lab: acts.pause_redis(lab, 10.0)), short=12.0),
    Scenario("clients abort", every(0.0, 0.1, acts.abort_client), Plan(quits=True)),
    Scenario(
        *("slow reader", slow.flood, Plan(seconds=55, history=1000)),
        short=10.0,
        short_history=1000,
    ),
    Scenario(
        *("slow reader, all kept", slow.flood, Plan(seconds=55, history=ALL)),
        short=8.0,
        short_history=ALL,
    ),
    Scenario(
        *("Sentinel fail-over", failover.fail_over, Plan(seconds=40), FORGETFUL),
        short=10.0,
        short_history=100,
        cluster=failover.SentinelCluster,
    ),
    Scenario(
        *("fail-over, durable", failover.fail_over_with_node, DURABLE, FORGETFUL),
        short=12.0,
        short_grace=8.0,
        short_history=100,
        cluster=failover.SentinelCluster,
    ),
    Scenario(
        *("clock stepped", clock.steps, Plan(seconds=40, patience=20.0)),
        short=19.0,
        short_grace=8.0,
        cluster=clock.ClockCluster,
    ),
    Scenario(
        *("log pipe stalled", ends.stall_log, Plan(seconds=30)),
        short=6.0,
        cluster=ends.PipeCluster,
    ),
    Scenario(
        *("name server dead", ends.dead_names, Plan(seconds=30)),
        short=14.0,
        cluster=ends.NamesCluster,
    ),
    Scenario("flaky replies", frames.flaky, Plan(seconds=120), short=24.0, short_grace=5.0),
    Scenario(
        *("acknowledged early", frames.acknowledged_before_frames, Plan(seconds=40), FORGETFUL),
        short=8.0,
    ),
    Scenario("Redis full", strangers.fill, FULL, short=16.0),
    Scenario(
        *("log evicted", strangers.evict(*strangers.LOGS), Plan(seconds=20), FORGETFUL), short=9.0
    ),
    Scenario(
        *("session evicted", strangers.evict(*strangers.SESSIONS), Plan(seconds=30)), short=12.0
    ),
    Scenario("odd frames", strangers.write_odds, Plan(seconds=30), short=6.0),
    # A client may try two nodes that hang before the third, and wait 5 s for each.
    Scenario("anything", anything, Plan(seconds=240, redis=AOF), short=12.0, short_grace=15.0),
]


def _without_durability(scenario: Scenario) -> Scenario:
    plan = replace(scenario.plan, flags=(), redis={})
    return replace(scenario, name="fail-over, not durable", plan=plan)


BROKEN = [_without_durability(one) for one in SCENARIOS if one.plan is DURABLE]
"""Systems that do not keep a promise: what they lose must be told."""


def shortened(scenario: Scenario) -> Scenario:
    """Return a scenario's short form, for every run of the tests."""
    plan = replace(scenario.plan, seconds=scenario.short, grace=scenario.short_grace)
    plan = replace(plan, history=scenario.short_history)
    return replace(scenario, plan=replace(plan, clients=12, rate=40.0, rooms=3))
