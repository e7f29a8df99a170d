"""A short form of every scenario; `make faults` runs them at full length."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.runner import Row, run
from tests.faults.scenarios import SCENARIOS, shortened
from tests.support.redis_server import program

TOGETHER = 4
"""Scenarios that run at the same time: they mostly wait."""
SEED = 1

Rows = dict[str, "asyncio.Task[Row]"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for, the long ones first."""
    program()
    wanted = {item.name for item in request.session.items}
    few = asyncio.Semaphore(TOGETHER)

    async def one(scenario_name: str, directory: Path) -> Row:
        scenario = next(one for one in SCENARIOS if one.name == scenario_name)
        async with few:
            return await run(shortened(scenario), directory, SEED)

    tasks = {
        scenario.name: asyncio.create_task(one(scenario.name, tmp_path_factory.mktemp("faults")))
        for scenario in sorted(SCENARIOS, key=lambda scenario: -scenario.short)
        if f"test_no_promise_is_broken[{scenario.name}]" in wanted
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
