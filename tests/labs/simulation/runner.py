"""Plays a world from its seed, and says what came of it."""

from typing import NamedTuple

from node.core.rooms import follower
from tests.labs.simulation import black_box, scenes
from tests.labs.simulation.judge import judge
from tests.labs.simulation.plan import draw
from tests.labs.simulation.world import World


class Played(NamedTuple):
    """What came of a seed. ``ran`` is how many callbacks ran, ``lines`` tell all that happened;
    ``suited``: the fault laboratory's checker could look at it too."""

    seed: int
    faults: tuple[str, ...]
    violations: list[str]
    limits: list[str]
    ran: int
    suited: bool
    lines: list[str]


def play(seed: int, hard: bool = False, tracing: bool = False, servers: int = 0) -> Played:
    """Run the world of a seed, and hold it against the promises."""
    plan = draw(seed, hard, servers)
    if plan.servers > 1:
        scenes.add_ambushes(plan)
        scenes.add_names(plan)
        scenes.add_moves(plan)
        scenes.add_fail_over(plan, hard)
    # Logs of a world are too short to be longer than what a node reads of them otherwise.
    follower.TAIL_ENTRIES = plan.tail
    world = World(plan, tracing)
    world.run()
    verdict = judge(world)
    found = verdict.violations
    suited = black_box.suits(world)
    if suited:
        found = found + black_box.violations(world)
    lines = world.notes.lines
    return Played(seed, plan.faults, found, verdict.limits, world.ran, suited, lines)
