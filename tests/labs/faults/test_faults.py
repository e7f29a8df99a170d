"""A short form of every scenario; `make faults` runs them at full length."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.labs.faults.planted import PLANTS, Plant
from tests.labs.faults.runner import Row, run
from tests.labs.faults.running import Tasks, side_by_side
from tests.labs.faults.scenarios import BROKEN, SCENARIOS, Scenario, shortened
from tests.labs.faults.verdict import Kind
from tests.support.redis_server import program

TOGETHER = 5
"""Scenarios that run at the same time: they mostly wait."""
SEED = int(os.environ.get("FAULTS_SEED", "1"))
WEB = ("calm", "node killed", "connections cut")
"""Scenarios in which every second client uses WebSocket, where there is a Node to run it. It is not
in all, as in `make faults`: so many processes of Node would take the two cores for themselves."""

Rows = Tasks[Row]


async def run_short(scenario: Scenario, directory: Path) -> Row:
    """Run a short form."""
    short = shortened(scenario)
    plan = replace(short.plan, web=scenario.name in WEB)
    return await run(replace(short, plan=plan), directory, SEED)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for, the long ones first."""
    program()
    runs = {
        scenario.name: partial(run_short, scenario)
        for scenario in sorted(SCENARIOS + BROKEN, key=lambda scenario: -scenario.short)
    }
    directory = tmp_path_factory.mktemp("faults")
    async for tasks in side_by_side(runs, TOGETHER, request, directory):
        yield tasks


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
async def test_no_promise_is_broken(name: str, rows: Rows) -> None:
    row = await rows[name]
    assert row.found == []
    assert row.messages > 0
    assert row.faults > 0 or name == "calm"


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [scenario.name for scenario in BROKEN])
async def test_without_durability_what_no_node_remembers_is_lost(name: str, rows: Rows) -> None:
    # Whatever else comes of that.
    assert Kind.LOST in {violation.kind for violation in (await rows[name]).found}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_bug_can_still_be_planted(plant: Plant, tmp_path: Path) -> None:
    plant.run_in(tmp_path)
