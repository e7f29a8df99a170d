"""Members that leave get what comes before their own `left`, and nothing after it."""

from tests.unit.node.core.fakes import (
    EPOCH,
    RoomBench,
    at,
    entries,
    entry,
    frame,
    outlet_of,
    slice_,
)
from tests.unit.node.core.rooms.test_readers import drain, followed, texts


def test_a_member_that_leaves_gets_what_came_before_its_own_left_and_nothing_after() -> None:
    bench = followed(2)
    member = bench.member(at(2))
    bench.room.stop(member)
    bench.room.receive(frame([entry(3), entry(4, "me", kind="l"), entry(5)]))
    assert texts(member) == []
    bench.room.leave(member, at(4, "me"))
    bench.room.remove(member)
    assert texts(member) == ["x3"] and bench.room.empty


def test_a_slow_reader_that_leaves_gets_all_that_came_before_its_own_left() -> None:
    bench = followed(1)
    member, told = bench.member(at(1)), []
    outlet_of(member).paused = True
    bench.room.pause(member)
    bench.room.receive(frame(entries(2, 250)))
    bench.room.stop(member)
    bench.room.leave(member, at(252, "me"), lambda: told.append(texts(member)))
    bench.room.receive(frame([entry(251), entry(252, "me", kind="l"), entry(253)]))
    assert told == []
    outlet_of(member).paused = False
    bench.room.feed(member)
    drain(bench, member)
    assert told == [[f"x{offset}" for offset in range(2, 252)]]
    assert bench.room.empty and texts(member) == []


def test_a_member_that_leaves_waits_for_what_is_on_its_way() -> None:
    bench = followed(2)
    member, told = bench.member(at(2)), []
    bench.room.stop(member)
    bench.room.leave(member, at(4, "me"), lambda: told.append(texts(member)))
    bench.room.feed(member)
    assert told == []
    bench.room.receive(frame(entries(3, 3)))
    assert told == [] and texts(member) == ["x3"]
    bench.room.receive(frame([entry(4, "me", kind="l")]))
    assert told == [[]] and bench.room.empty


def test_a_member_that_leaves_is_done_at_its_own_left_wherever_that_was_put_back() -> None:
    bench = followed(2)
    member, told = bench.member(at(2)), []
    bench.room.stop(member)
    bench.room.leave(member, at(4, "me"), lambda: told.append(texts(member)))
    back = [entry(4, "x3", original="k1-3 3"), entry(5, "me", kind="l", original="k1-4 3")]
    bench.room.receive(frame([entry(3, "new"), *back, entry(6)]))
    assert told == [["new", "x3"]] and member.complete
    assert bench.room.empty and texts(member) == []


def test_a_member_that_leaves_may_be_let_go_before_it_got_everything() -> None:
    bench = followed(2)
    member, told = bench.member(at(2)), []
    bench.room.stop(member)
    bench.room.leave(member, at(9, "me"), lambda: told.append(texts(member)))
    bench.room.release(member)
    bench.room.receive(frame(entries(3, 9)))
    assert told == [[]] and bench.room.empty and texts(member) == []


def test_a_member_that_could_not_leave_goes_on() -> None:
    bench = followed(2)
    member = bench.member(at(2))
    bench.room.stop(member)
    bench.room.receive(frame(entries(3, 3)))
    bench.room.resume(member)
    drain(bench, member)
    bench.room.receive(frame(entries(4, 4)))
    assert texts(member) == ["x3", "x4"]


def test_a_member_that_leaves_gets_no_page_that_was_being_read_for_it() -> None:
    bench = RoomBench()
    bench.room.begin(at(30))
    member = bench.member(at(3))
    bench.room.stop(member)
    page = slice_([*entries(4, 6), entry(7, "me", kind="l"), *entries(8, 30)])
    bench.broker.answer("read", page)
    assert texts(member) == []
    bench.room.leave(member, at(7, "me"))
    bench.broker.answer("read", page)
    assert texts(member) == ["x4", "x5", "x6"] and bench.room.empty


def test_a_member_that_could_not_leave_gets_the_page_that_was_being_read_for_it() -> None:
    bench = RoomBench()
    bench.room.begin(at(6))
    member = bench.member(at(3))
    bench.room.stop(member)
    bench.broker.answer("read", slice_(entries(4, 6)))
    bench.room.resume(member)
    bench.broker.answer("read", slice_(entries(4, 6)))
    drain(bench, member)
    bench.room.receive(frame(entries(7, 7)))
    assert texts(member) == ["x4", "x5", "x6", "x7"]


def test_a_member_that_was_removed_while_it_left_does_not_come_back() -> None:
    bench = followed(2)
    member = bench.member(at(2))
    bench.room.stop(member)
    bench.room.release(member)
    bench.room.resume(member)
    bench.room.receive(frame(entries(3, 3)))
    assert texts(member) == [] and bench.room.empty


def test_a_member_that_was_removed_before_it_left_gets_nothing_more() -> None:
    bench = followed(2)
    member, told = bench.member(at(2)), []
    bench.room.stop(member)
    bench.room.receive(frame([entry(3), entry(4, "me", kind="l")]))
    bench.room.remove(member)
    bench.room.leave(member, at(4, "me"), lambda: told.append(texts(member)))
    assert told == [[]] and bench.room.empty and not member.complete


def test_a_member_that_leaves_gets_what_other_nodes_put_back_before_its_own_left() -> None:
    # It had read more of the lost branch than the log has entries now.
    bench = followed(19)
    bench.room.known.name_branch(EPOCH)
    member, told = bench.member(at(19)), []
    bench.room.stop(member)
    bench.room.known.begin(at(30))
    bench.room.known.name_branch(b"b1")
    bench.room.leave(member, at(3, "me"), lambda: told.append(texts(member)))
    bench.room.feed(member)
    assert told == []
    back = [entry(1, "x20", original="k1-20 1"), entry(2, "x21", original="k1-21 1")]
    bench.broker.answer("read", slice_([*back, entry(3, "me", kind="l")]))
    assert told == [["x20", "x21"]] and bench.room.empty
