"""A short form of every scenario; `make faults` runs them at full length."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.planted import PLANTS, Plant
from tests.faults.runner import Row, run
from tests.faults.scenarios import BROKEN, SCENARIOS, Scenario, shortened
from tests.faults.verdict import Kind
from tests.support.redis_server import program

TOGETHER = 4
"""Scenarios that run at the same time: they mostly wait."""
SEED = int(os.environ.get("FAULTS_SEED", "1"))
SCENARIO = re.compile(r"\[(.*)\]")

Rows = dict[str, "asyncio.Task[Row]"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for, the long ones first."""
    program()
    wanted = {name for item in request.session.items for name in SCENARIO.findall(item.name)}
    few = asyncio.Semaphore(TOGETHER)

    async def one(scenario: Scenario, directory: Path) -> Row:
        async with few:
            return await run(shortened(scenario), directory, SEED)

    tasks = {
        scenario.name: asyncio.create_task(one(scenario, tmp_path_factory.mktemp("faults")))
        for scenario in sorted(SCENARIOS + BROKEN, key=lambda scenario: -scenario.short)
        if scenario.name in wanted
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


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
    assert {violation.kind for violation in (await rows[name]).found} == {Kind.LOST}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_bug_can_still_be_planted(plant: Plant, tmp_path: Path) -> None:
    plant.run_in(tmp_path)
