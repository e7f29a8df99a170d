"""A short form of every attack; `make abuse` runs them at full length.

Nothing is said of latency here: machines that run tests are busy.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.abuse.attack import ACTS
from tests.abuse.garbage import dear
from tests.abuse.naughty import OWN, published, strings
from tests.abuse.runner import Row, judged, run, strangers, table
from tests.abuse.scenarios import MARK, SCENARIOS, Scenario, shortened
from tests.abuse.stage import TARGET, Stage
from tests.abuse.stranger import WRONG
from tests.abuse.watch import Cost
from tests.faults.verdict import Kind
from tests.support.redis_server import program
from wire import limits

SEED = 6
TOGETHER = 4
NAME = re.compile(r"\[(.*)\]")
linux = pytest.mark.skipif(sys.platform != "linux", reason="wants all of 127.0.0.0/8, and /proc")


Rows = dict[str, "asyncio.Task[Row]"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for, a few at the same time: they mostly wait."""
    program()
    wanted = {name for item in request.session.items for name in NAME.findall(item.name)}
    few = asyncio.Semaphore(TOGETHER)

    async def one(scenario: Scenario, directory: Path) -> Row:
        async with few:
            return await run(shortened(scenario), directory, SEED)

    tasks = {
        scenario.name: asyncio.create_task(one(scenario, tmp_path_factory.mktemp("abuse")))
        for scenario in SCENARIOS
        if scenario.name in wanted
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@linux
@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_an_attack_harms_no_honest_client(scenario: Scenario, rows: Rows) -> None:
    row = await rows[scenario.name]
    assert row.found == []
    assert row.messages > 0
    assert row.cut_off == 0
    assert bool(row.tried) is bool(scenario.attacks)


@linux
async def test_a_node_that_dies_of_an_attack_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program()

    async def killed(stage: Stage) -> None:
        await stage.nodes[TARGET].kill()
        assert await stage.until(lambda: stage.cut_off() > 0, 20.0)

    monkeypatch.setattr(Stage, "attacked", killed)
    row = await run(shortened(SCENARIOS[0]), tmp_path, SEED)
    assert [violation.kind for violation in row.found] == [Kind.SESSION]
    assert "died by itself" in row.found[0].text and row.cut_off > 0
    assert "nan" in table([row])


def test_a_text_that_came_back_as_another_one_and_too_much_memory_are_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, SCENARIOS[0], SEED)
    stage.told.append({"tried": {"strings": 1}, "met": {f"{WRONG}a text changed": 2}})
    row = judged(stage, (Cost(50, MARK, 1), Cost(9, 9, 1)), 0, 1.0)
    assert [violation.kind for violation in row.found] == [Kind.SESSION, Kind.MEMORY]
    assert "tried 1 strings; met 2 wrong: a text changed" in strangers([row])


def test_every_act_has_its_scenario() -> None:
    acts = {attack.act for scenario in SCENARIOS for attack in scenario.attacks}
    assert acts == set(ACTS)


def test_the_naughty_strings_are_many_and_each_is_there_once() -> None:
    found = strings()
    assert len(found) == len(set(found)) >= 250
    assert all(OWN.values()) and set(found) >= set(published())


def test_dear_lines_are_as_long_as_lines_may_be_and_some_are_longer() -> None:
    lines = dear()
    assert max(map(len, lines.values())) == limits.LINE + 1
    assert sum(len(line) > limits.LINE * 0.9 for line in lines.values()) > 8
