"""Each kind of violation is caught: a bug is planted in the node, and some seed has to show it."""

import logging
from collections.abc import Iterator

import pytest

from tests.labs.simulation.plants import PLANTS
from tests.labs.simulation.runner import play

SEEDS = range(300)
"""Seeds that are tried until one shows the bug; most show it in the first few. The rarest needs a
Redis that dies between an acknowledgement and its frame: one world in a hundred."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keeps out of the way what broken nodes log."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_caught(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, plant = PLANTS[bug]
    plant(monkeypatch)
    said: set[str] = set()
    for seed in SEEDS:
        for violation in play(seed).violations:
            name = violation.partition(":")[0]
            if kind in name:
                return
            said.add(name)
    pytest.fail(f"nothing is called {kind!r}, only {sorted(said)}")
