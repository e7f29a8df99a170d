"""Known holes in the promises of a healed log, each with the shortest history that shows it."""

import pytest

from tests.node.core.fakes import RoomBench, at, entries, entry, frame, outlet_of, slice_
from tests.node.core.test_room_histories import Histories


def begun() -> Histories:
    """Return two nodes that follow an empty log, with two readers each."""
    histories = Histories()
    histories.begin()
    return histories


@pytest.mark.xfail(strict=True, reason="a put back entry's old place does not say in which branch")
def test_a_log_taken_back_twice_before_it_is_healed_hides_nothing() -> None:
    histories = begun()
    histories.somebody_enters()
    histories.a_frame_arrives(of=0)
    histories.redis_goes_back_to_its_snapshot(deaf=True)
    histories.somebody_enters()
    histories.redis_writes_a_snapshot()
    histories.somebody_enters()
    histories.redis_goes_back_to_its_snapshot(deaf=False)
    histories.teardown()


@pytest.mark.xfail(strict=True, reason="an entry put back twice remembers only its last old place")
def test_a_log_taken_back_again_after_it_was_healed_gives_nothing_twice() -> None:
    histories = begun()
    histories.somebody_enters()
    histories.a_frame_arrives(of=0)
    histories.redis_goes_back_to_its_snapshot(deaf=False)
    histories.somebody_enters()
    histories.a_call_is_answered(of=0)
    histories.a_call_is_answered(of=0)
    histories.a_call_is_answered(of=1)
    histories.redis_goes_back_to_its_snapshot(deaf=False)
    histories.teardown()


@pytest.mark.xfail(strict=True, reason="the position of y4 does not say that x4 and x5 were seen")
def test_who_had_the_lost_entries_does_not_get_them_again_on_another_node() -> None:
    healed = [
        *entries(1, 3),
        entry(4, "y4"),
        entry(5, "x4", home="k1-4 4"),
        entry(6, "x5", home="k1-5 4"),
    ]
    here = RoomBench()
    outlet = here.begin(5)
    here.room.sync()
    here.broker.answer("read", slice_(healed, on=False))
    assert outlet.texts() == ["y4"]
    # The last position this client was told is that of y4; it continues its session elsewhere.
    there = RoomBench()
    there.room.begin(at(0))
    there.room.receive(frame(healed))
    assert outlet_of(there.member(at(4, "y4"), resumed=True)).texts() == []


@pytest.mark.xfail(strict=True, reason="what came between the two is neither given nor a gap")
def test_a_slow_reader_that_leaves_is_told_what_it_did_not_get_before_its_left() -> None:
    bench = RoomBench(most=10)
    bench.room.begin(at(0))
    member = bench.member(at(0))
    outlet_of(member).paused = True
    bench.room.pause(member)
    bench.room.receive(frame(entries(1, 40)))
    bench.room.stop(member)
    bench.room.receive(frame([entry(41, "me", kind="l")]))
    bench.room.give_until(member, at(41, "me"))
    told = outlet_of(member).texts()
    assert told == [f"x{n}" for n in range(1, 41)] or told[0].startswith("gap")
