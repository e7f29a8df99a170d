"""A room puts together its log and its members."""

from node.core.entries import Append
from tests.unit.node.core.fakes import RoomBench, at, entries, entry, frame, outlet_of, slice_


def test_a_room_that_is_not_known_yet_has_no_positions() -> None:
    room = RoomBench().room
    assert room.top is None and room.newest is None and room.ring is None
    assert room.empty and not room.stale and room.unconfirmed is None


def test_an_own_append_is_newer_than_the_top_until_its_frame_comes() -> None:
    room = RoomBench().room
    room.begin(at(1))
    assert not room.appended(Append(frame([entry(3)], prev="x2"), at(1)))
    assert (room.top, room.newest) == (at(1), at(3))
    assert room.unconfirmed is not None and len(room.unconfirmed) == 1
    room.receive(frame(entries(2, 3)))
    assert room.top == room.newest == at(3) and room.unconfirmed is None


def test_a_new_member_ends_the_time_for_which_a_room_was_empty() -> None:
    bench = RoomBench()
    bench.begin()
    bench.room.mark_empty(17.0)
    assert bench.room.empty_since == 17.0
    bench.member(at(0))
    assert bench.room.empty_since is None


def test_a_member_that_leaves_without_a_position_is_removed_at_once() -> None:
    bench, told = RoomBench(), []
    bench.room.begin(at(2))
    member = bench.member(at(2))
    bench.room.stop(member)
    bench.room.leave(member, None, lambda: told.append(bench.room.empty))
    assert told == [True] and not member.complete


def test_a_member_that_leaves_at_a_position_of_another_log_has_the_log_read() -> None:
    bench = RoomBench()
    bench.begin(0)
    bench.room.receive(frame(entries(1, 3)))
    member = bench.member(at(3))
    bench.room.stop(member)
    bench.room.leave(member, at(2, "other"))
    assert bench.broker.names() == ["read"] and member.is_leaving


def test_a_live_member_has_got_everything_up_to_the_top() -> None:
    bench = RoomBench()
    bench.begin(3)
    member = bench.member(at(3))
    bench.room.receive(frame(entries(4, 4)))
    assert bench.room.delivered(member) == at(4)
    outlet_of(member).paused = True
    bench.room.pause(member)
    bench.room.receive(frame(entries(5, 5)))
    assert bench.room.delivered(member) == at(4)


def test_a_room_with_members_is_read_again_while_it_is_stale_or_behind_a_member() -> None:
    bench = RoomBench()
    bench.room.begin(at(2))
    bench.room.known.mark_stale()
    bench.room.check()
    assert bench.broker.calls == [], "nobody is here"
    member = bench.member(at(2))
    bench.room.check()
    bench.broker.answer("read", slice_([], top=at(2)))
    bench.room.check()
    assert bench.broker.calls == []
    bench.room.remove(member)
    bench.member(at(5))
    bench.room.check()
    assert bench.broker.names() == ["read"]


def test_an_own_entry_that_is_overdue_has_the_log_read_though_nobody_is_here() -> None:
    bench = RoomBench()
    bench.room.begin(at(1))
    bench.room.appended(Append(frame([entry(3)], prev="x2"), at(1)))
    bench.room.check()
    assert bench.broker.calls == []
    bench.room.check()
    assert bench.broker.names() == ["read"]
