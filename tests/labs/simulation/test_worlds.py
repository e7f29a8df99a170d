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
