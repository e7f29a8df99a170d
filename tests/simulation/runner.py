"""Plays a world from its seed, and says what came of it."""

from typing import NamedTuple

from tests.simulation import black_box
from tests.simulation.judge import judge
from tests.simulation.plan import draw
from tests.simulation.world import World


class Played(NamedTuple):
    """What came of a seed. ``ran`` is how many callbacks ran, ``lines`` all that happened."""

    seed: int
    faults: tuple[str, ...]
    violations: list[str]
    limits: list[str]
    ran: int
    lines: list[str]


def play(seed: int, hard: bool = False) -> Played:
    """Run the world of a seed, and hold it against the promises."""
    plan = draw(seed, hard)
    world = World(plan)
    world.run()
    verdict = judge(world)
    found = verdict.violations
    if black_box.suits(world):
        found = found + black_box.violations(world)
    return Played(seed, plan.faults, found, verdict.limits, world.loop.ran, world.notes.lines)
