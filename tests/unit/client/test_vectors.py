"""The client gives what tests/vectors say; the SDK in web/sdk gives the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client.protocol.session import _TABLE, Session
from tests.support.player import Player, event_of
from wire.errors import CODES, REASONS

VECTORS = Path(__file__).parents[2] / "vectors"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(VECTORS.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]


def events() -> Iterator[tuple[Player, dict[str, Any]]]:
    """Play all cases; before an event is taken, yield it with its player."""
    for case in CASES:
        (fields,) = case.values
        assert isinstance(fields, dict)
        player = Player(fields["make"])
        for step in fields["steps"]:
            if step["call"] == "take":
                yield player, step["args"][0]
            player.play(step)


@pytest.mark.parametrize("case", CASES)
def test_a_case(case: dict[str, Any]) -> None:
    player = Player(case["make"])
    for number, step in enumerate(case["steps"]):
        result = player.play(step)
        if "gives" in step:
            assert result == step["gives"], f"step {number}: {step['call']}"


def test_every_row_of_the_table_is_in_a_case() -> None:
    played = {
        (player.it.state, type(event_of(event)))
        for player, event in events()
        if isinstance(player.it, Session)
    }
    rows = {(state, kind) for state, row in _TABLE.items() for kind in row}
    assert rows - played == set()


def test_every_code_and_every_reason_is_in_a_case() -> None:
    taken = [event for _, event in events()]
    assert {event["code"] for event in taken if event["type"] == "error"} >= set(CODES)
    assert {event["reason"] for event in taken if event["type"] == "bye"} >= set(REASONS)


def test_the_names_of_the_cases_differ() -> None:
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) >= 120
