"""A short form of some scenarios on a Redis Cluster; `make cluster` runs all of them.

How long anything takes is not looked at here: that depends on what else the machine does.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.labs.faults.on_cluster import CLUSTER_SCENARIOS
from tests.labs.faults.planted import Plant
from tests.labs.faults.planted_on_cluster import CLUSTER_PLANTS
from tests.labs.faults.runner import Row, run
from tests.labs.faults.running import Tasks, side_by_side
from tests.labs.faults.scenarios import Scenario, shortened
from tests.labs.faults.shards import ROOMS, SHARDS, SLOTS, slot_of
from tests.labs.faults.verdict import Kind
from tests.support.redis_server import program

TOGETHER = 2
"""Scenarios that run at the same time: each has six servers and three nodes."""
SEED = int(os.environ.get("FAULTS_SEED", "1"))
CHOSEN = ("isolated, durable", "room master lost", "rooms and sessions move")
"""Those of which nothing else in the tests gives an idea."""
TOLD = ("names are free at once", "sessions have no guard key")

Rows = Tasks[Row]


async def run_short(scenario: Scenario, directory: Path) -> Row:
    """Run a short form, without clients over WebSocket."""
    short = shortened(scenario)
    return await run(replace(short, plan=replace(short.plan, web=False)), directory, SEED)


async def run_planted(plant: Plant, directory: Path) -> Row:
    """Run the short form of a scenario with a planted bug."""
    (directory / "code").mkdir()
    (directory / "logs").mkdir()
    return await run_short(plant.run_in(directory / "code"), directory / "logs")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for."""
    program()
    chosen = [one for one in CLUSTER_SCENARIOS if one.name in CHOSEN]
    planted = [one for one in CLUSTER_PLANTS if one.name in TOLD]
    runs = {
        **{one.name: partial(run_short, one) for one in chosen},
        **{one.name: partial(run_planted, one) for one in planted},
    }
    directory = tmp_path_factory.mktemp("cluster-faults")
    async for tasks in side_by_side(runs, TOGETHER, request, directory):
        yield tasks


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", CHOSEN)
async def test_no_promise_is_broken_on_a_cluster(name: str, rows: Rows) -> None:
    row = await rows[name]
    assert [one for one in row.found if one.kind is not Kind.LATE] == []
    assert row.messages > 0 and row.faults > 0


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", TOLD)
async def test_a_planted_bug_is_told_on_a_cluster(name: str, rows: Rows) -> None:
    [plant] = [one for one in CLUSTER_PLANTS if one.name == name]
    assert {one.kind for one in (await rows[name]).found} & set(plant.kinds)


@pytest.mark.parametrize("plant", CLUSTER_PLANTS, ids=lambda plant: plant.name)
def test_a_bug_can_still_be_planted(plant: Plant, tmp_path: Path) -> None:
    plant.run_in(tmp_path)


def test_each_shard_has_two_rooms_at_first() -> None:
    shards = [slot_of(room) * SHARDS // SLOTS for room in ROOMS]
    assert sorted(shards) == [0, 0, 1, 1, 2, 2]
