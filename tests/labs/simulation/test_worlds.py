"""Worlds whose faults are chosen, because seeds come upon them too rarely."""

import pytest

from tests.labs.simulation.judge import judge
from tests.labs.simulation.plan import LATE, Act, Person, Plan
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
        Act(2.0, "join", ("tea",)),
        Act(2.5, "flee", (0.0,)),
        Act(3.5, "leave", ("tea",)),
    ]
    plan.people[1].acts = [Act(1.7, "join", ("tea",))]
    plan.acts = [Act(1.9, "hangs", (0, ("settle",), 1, 3.0))]
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


def talking(plan: Plan) -> World:
    """Let three people at three nodes say something all the time, and return their world."""
    plan.people = [
        Person(number, f"p{number}", ("general", "tea"), number, 0.5, True) for number in range(3)
    ]
    for person in plan.people:
        times = [1.0 + 0.13 * count + 0.04 * person.number for count in range(60)]
        person.acts = [Act(at, "send", ("general",)) for at in times]
        person.acts += [Act(at, "direct", ((person.number + 1) % 3,)) for at in times[::3]]
        person.acts.sort(key=lambda act: act.at)
    return World(plan, tracing=True)


@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_people_talk_on_while_the_slots_of_their_room_and_of_sessions_move(pause: float) -> None:
    plan = Plan(1, length=10.0, servers=3)
    plan.acts = [
        Act(at, "slot moves", (tag, to, pause))
        for at, tag, to in (
            *((2.0, "r:general", 2), (3.0, "c", 1), (4.0, "r:general", 0), (5.0, "r:general", 1)),
            *((5.0, "c", 0), (6.5, "r:general", 2), (6.5, "c", 2)),
        )
    ]
    world = talking(plan)
    world.run()
    assert sum(" moves from " in line for line in world.notes.lines) == len(plan.acts)
    assert judge(world).violations == []


@pytest.mark.parametrize("number", [0, 1])
def test_what_a_replica_had_not_heard_of_is_put_back(number: int) -> None:
    plan = Plan(1, (LATE,), length=10.0, servers=3)
    plan.acts = [Act(4.6, "snapshot", (5.0,)), Act(5.0, "fail-over", (number, 2, 1.5, 3.0))]
    world = talking(plan)
    world.run()
    [rollback] = world.chronicle.rollbacks
    later = {entry.id for entry in world.chronicle.added if entry.at > rollback.at}
    assert rollback.lost and {entry.id for entry in rollback.lost} <= later
    assert judge(world).violations == []


@pytest.mark.parametrize("seed", [3, 5])
def test_requests_keep_their_order_while_the_slot_of_sessions_moves(seed: int) -> None:
    """With a node that made refused calls again behind newer ones, these worlds showed it."""
    plan = Plan(seed, length=6.0, servers=3)
    plan.people = [
        Person(number, f"p{number}", ("general",), number, 0.5, True) for number in range(3)
    ]
    for number, person in enumerate(plan.people):
        other = (number + 1) % 3
        person.acts = [Act(1.9 + 0.004 * count, "direct", (other,)) for count in range(80)]
        for count in range(8):
            what = ("join", "tea"), ("leave", "tea"), ("nick", f"p{number}x{count}")
            name, arg = what[count % 3]
            person.acts.append(Act(1.91 + 0.05 * count, name, (arg,)))
        person.acts.sort()
    plan.acts = [Act(2.0, "slot moves", ("c", 1, 0.15))]
    world = World(plan)
    world.run()
    assert world.place_of("i:anybody") == 1
    assert judge(world).violations == []
