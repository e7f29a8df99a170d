"""Random walks: the Python client's session and the SDK's one give the same at every step.

A difference shrinks to a short walk, which becomes a new case in tests/vectors.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.web.walks import makes, walks
from tests.support.node_js import ROOT, needs_node_js, program
from tests.support.player import Player

WALKS = int(os.environ.get("WALKS", "200"))

pytestmark = needs_node_js


class Twin:
    """A process of Node that plays walks with the SDK."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [program(), str(ROOT / "tests/web/player.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def play(self, make: dict[str, Any], steps: list[dict[str, Any]]) -> list[Any]:
        """Return the result of each step."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([{"make": make}, *steps]) + "\n")
        self._process.stdin.flush()
        found: list[Any] = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """One process for all walks."""
    twin = Twin()
    yield twin
    twin.end()


def check(twin: Twin, make: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    """Play the same steps to both; the results have to be equal."""
    player = Player(make)
    theirs = twin.play(make, steps)
    for number, (step, result) in enumerate(zip(steps, theirs, strict=True)):
        assert result == player.play(step), f"step {number}: {step}"


@settings(
    max_examples=WALKS, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(makes, walks)
def test_both_sessions_give_the_same_at_every_step_of_a_walk(
    twin: Twin, make: dict[str, Any], steps: list[dict[str, Any]]
) -> None:
    check(twin, make, steps)


# Only characters that this Python knows: Node may know more.
_texts = st.text(st.characters(exclude_categories=["Cn", "Cs"]), max_size=20)


@settings(max_examples=WALKS, deadline=None, database=None)
@given(st.lists(_texts, min_size=10, max_size=50))
def test_both_check_and_escape_texts_in_the_same_way(twin: Twin, texts: list[str]) -> None:
    calls = ("check", "safe_line", "safe_word")
    steps = [{"call": call, "args": [text]} for text in texts for call in calls]
    check(twin, {"kind": "functions"}, steps)
