"""A short form of every attack; `make abuse` runs them at full length.

Nothing is said of latency here: machines that run tests are busy.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.labs.abuse.attack import ACTS
from tests.labs.abuse.garbage import dear
from tests.labs.abuse.naughty import OWN, published, strings
from tests.labs.abuse.runner import Row, judged, late, locked_out, run, strangers, table
from tests.labs.abuse.scenarios import MARK, SCENARIOS, Scenario, shortened
from tests.labs.abuse.stage import TARGET, Stage
from tests.labs.abuse.stranger import WRONG
from tests.labs.abuse.watch import Cost
from tests.labs.faults.running import Tasks, side_by_side
from tests.labs.faults.verdict import Kind
from tests.support.redis_server import program
from wire import limits

SEED = 6
TOGETHER = 4
linux = pytest.mark.skipif(sys.platform != "linux", reason="wants all of 127.0.0.0/8, and /proc")


Rows = Tasks[Row]


async def run_short(scenario: Scenario, directory: Path) -> Row:
    """Run a short form."""
    return await run(shortened(scenario), directory, SEED)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rows]:
    """Starts the scenarios that are asked for, a few at the same time: they mostly wait."""
    program()
    runs = {scenario.name: partial(run_short, scenario) for scenario in SCENARIOS}
    directory = tmp_path_factory.mktemp("abuse")
    async for tasks in side_by_side(runs, TOGETHER, request, directory):
        yield tasks


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
    stage = Stage(tmp_path, shortened(SCENARIOS[0]), SEED)
    stage.told.append({"tried": {"strings": 1}, "met": {f"{WRONG}a text changed": 2}})
    row = judged(stage, (Cost(50, MARK, 1), Cost(9, 9, 1)), 0, 1.0)
    assert [violation.kind for violation in row.found] == [Kind.SESSION, Kind.MEMORY]
    assert "tried 1 strings; met 2 wrong: a text changed" in strangers([row])


def test_a_redis_that_is_too_large_or_too_busy_is_told(tmp_path: Path) -> None:
    scenario = replace(shortened(SCENARIOS[0]), redis_mark=100.0, redis_share=0.2)
    stage = Stage(tmp_path, scenario, SEED)
    row = judged(stage, (Cost(50, 60, 1), Cost(9, 100, 3)), 0, 10.0)
    assert [violation.kind for violation in row.found] == [Kind.MEMORY, Kind.LATE]
    row = judged(stage, (Cost(50, 60, 1), Cost(9, 99, 2)), 0, 10.0)
    assert row.found == []


def test_honest_clients_that_wait_for_too_long_are_told() -> None:
    assert late([0.01] * 990 + [5.0] * 9, 1.0) == []
    assert [violation.kind for violation in late([0.01] * 90 + [5.0] * 9, 1.0)] == [Kind.LATE]
    assert [violation.kind for violation in late([], 1.0)] == [Kind.LATE]


def test_an_owner_who_cannot_log_in_is_told() -> None:
    assert locked_out(Counter()) == locked_out(Counter(welcome=9, unavailable=1)) == []
    told = locked_out(Counter(welcome=8, unavailable=2))
    assert [violation.kind for violation in told] == [Kind.SESSION]


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
