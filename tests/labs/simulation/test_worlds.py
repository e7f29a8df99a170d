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


@pytest.mark.parametrize("follows", [False, True])
def test_a_seat_that_redis_brought_back_ends_once_a_node_follows_its_room(follows: bool) -> None:
    """The only node that remembers the `left` dies before it can put it back."""
    # With this seed the server of that room goes back alone.
    plan = Plan(0, ("node kills", "roll-backs"), length=9.0, lease=3.0, servers=3)
    plan.people = [
        Person(0, "p0", ("general", "tea"), 0, 0.5, True, acts=[Act(2.5, "leave", ("tea",))]),
        Person(1, "p1", ("general",), 1, 0.5, True),
    ]
    plan.acts = [
        Act(2.0, "snapshot", (4.0,)),
        Act(3.9, "node kills", (0, 1.0)),
        Act(4.0, "roll-backs", (0.1,)),
    ]
    if follows:
        # Some of them try to create the room instead, which exists already.
        plan.people[1].acts = [Act(10.0 + number, "join", ("tea",)) for number in range(4)]
    world = World(plan, tracing=True)
    world.run()
    killed = [line for line in world.notes.lines if line.endswith("is killed")]
    assert killed == [f"   4.0000 Redis {world.place_of('r:tea')} is killed"]
    p0, p1 = (client.sid.encode() for client in world.clients)
    assert list(world.data(b"chat:{r:tea}:seats")) == [p1 if follows else p0]
    assert judge(world).violations == []
