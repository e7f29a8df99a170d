"""Worlds whose faults are chosen, because seeds come upon them too rarely."""

import pytest

from tests.labs.simulation.judge import judge
from tests.labs.simulation.plan import Act, Person, Plan
from tests.labs.simulation.world import World

LOST = '"nick":"p0","reason":"lost"}'


@pytest.mark.parametrize("seed", range(5))
def test_a_session_is_in_all_its_rooms_though_redis_went_back_to_before_its_end(seed: int) -> None:
    """Its node is cut off, so it ends between 8.0 and 9.2. Another node puts its `left` back."""
    plan = Plan(seed, ("cut off", "roll-backs"), length=11.0, lease=3.0, grace=3.0)
    rooms = ("general", "tea")
    plan.people = [Person(number, f"p{number}", rooms, number, 0.5, True) for number in (0, 1)]
    plan.acts = [
        Act(3.0, "cut off", (0, 8.0)),
        Act(7.9, "snapshot", (9.5,)),
        Act(9.5, "roll-backs", (0.1,)),
    ]
    world = World(plan)
    world.run()
    ends = [entry.log for entry in world.chronicle.added if entry.body == LOST]
    assert ends == ["r:general", "r:tea"] * 2, "it ended, and both entries were put back"
    assert judge(world).violations == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("script", ["hello", "settle"])
def test_a_node_that_dies_between_two_steps_leaves_nothing_half_done(
    script: str, after: bool
) -> None:
    plan = Plan(1, length=6.0, lease=3.0, grace=3.0, servers=3)
    plan.people = [
        Person(number, f"p{number}", ("general", "tea"), number, 1.0, True) for number in (0, 1)
    ]
    plan.acts = [Act(0.9, "ambushes", (0, (script,), 1, after, 1.0))]
    world = World(plan, tracing=True)
    world.run()
    assert any(line.endswith("n0k dies between two steps") for line in world.notes.lines)
    assert judge(world).violations == []


def test_a_node_that_hangs_before_it_settles_seats_nobody_who_has_left() -> None:
    plan = Plan(1, length=8.0, lease=8.0, grace=6.0, servers=3)
    plan.people = [
        Person(number, f"p{number}", ("general",), number, 1.0, True) for number in (0, 1)
    ]
    plan.people[0].acts = [
        Act(1.5, "join", ("tea",)),
        Act(2.0, "flee", (0.0,)),
        Act(3.0, "leave", ("tea",)),
    ]
    plan.people[1].acts = [Act(1.2, "join", ("tea",))]
    plan.acts = [Act(1.4, "hangs", (0, ("settle",), 1, 3.0))]
    world = World(plan, tracing=True)
    world.run()
    assert any(line.endswith("n0k hangs between two steps") for line in world.notes.lines)
    assert judge(world).violations == []
