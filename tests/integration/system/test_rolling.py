"""Three nodes restarted one after the other while our own clients talk, and nobody notices."""

from pathlib import Path

import pytest

from tests.labs.faults.felt import Felt, Load, broken
from tests.labs.faults.rolling import Plan, roll


@pytest.mark.timeout(120)
async def test_nobody_is_ever_away_and_nothing_is_missing(tmp_path: Path) -> None:
    outcome = await roll(tmp_path, Plan(Load(clients=12, rate=60.0), drain=2.0))
    print(outcome.table())
    assert outcome.broken == []
    assert outcome.moves >= 12 and outcome.messages > 0
    assert [one.away for one in outcome.felt] == [0.0] * 12


def test_what_is_broken_is_told() -> None:
    def felt(said: list[str], heard: list[str]) -> Felt:
        return Felt(said=said, acked=said[:1], heard={"general": heard})

    rooms = [["general", "general"]] * 2
    ana, bo = felt(["0-0", "0-1"], ["0-0", "1-0"]), felt(["1-0"], ["1-0", "0-0", "0-0"])
    bo.bad.append("c1 was told: Left")
    assert broken(rooms, [ana, bo]) == [
        "c1 was told: Left",
        "never acknowledged: 0-1",
        "general: c0 missed 0-1",
        "general: c1 missed 0-1",
        "general: c1 heard twice: 0-0",
        "general: c1 and c0 saw different orders",
    ]
