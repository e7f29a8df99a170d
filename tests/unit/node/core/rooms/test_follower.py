"""A room delivers frames that continue, and reads from the log whatever is missing."""

from node.core.entries import Slice
from node.core.model import Unavailable
from node.core.rooms.comparison import READ_ENTRIES
from node.core.rooms.follower import HELD_FRAMES
from tests.unit.node.core.fakes import RoomBench, at, entries, entry, frame, outlet_of, slice_


def test_a_frame_that_continues_is_delivered_at_once() -> None:
    bench = RoomBench()
    outlet = bench.begin(3)
    bench.room.receive(frame(entries(4, 5)))
    assert outlet.texts() == ["x4", "x5"]
    assert bench.room.top == at(5)
    assert bench.broker.calls == []


def test_a_frame_that_was_delivered_before_is_dropped() -> None:
    bench = RoomBench()
    outlet = bench.begin()
    bench.room.receive(frame(entries(1, 3)))
    bench.room.receive(frame(entries(1, 3)))
    bench.room.receive(frame(entries(2, 2)))
    assert outlet.texts() == ["x1", "x2", "x3"]
    assert bench.broker.calls == []


def test_only_the_new_part_of_an_overlapping_frame_is_delivered() -> None:
    bench = RoomBench()
    outlet = bench.begin()
    bench.room.receive(frame(entries(1, 3)))
    bench.room.receive(frame(entries(2, 5)))
    assert outlet.texts() == ["x1", "x2", "x3", "x4", "x5"]


def test_a_hole_is_read_from_the_log_before_anything_later_is_delivered() -> None:
    bench = RoomBench()
    outlet = bench.begin(1)
    bench.room.receive(frame(entries(4, 4)))
    bench.room.receive(frame(entries(5, 5)))
    assert outlet.texts() == []
    call = bench.broker.answer("read", slice_(entries(2, 4)))
    assert call.args[:2] == ("r:lobby", at(1))
    assert outlet.texts() == ["x2", "x3", "x4", "x5"]
    assert bench.metrics.holes_healed == 1
    assert bench.broker.calls == []


def test_frames_that_come_while_the_log_is_read_follow_what_was_read() -> None:
    bench = RoomBench()
    outlet = bench.begin(1)
    bench.room.sync()
    bench.room.receive(frame(entries(2, 2)))
    bench.room.receive(frame(entries(3, 4)))
    bench.broker.answer("read", slice_(entries(2, 3)))
    assert outlet.texts() == ["x2", "x3", "x4"]


def test_a_long_hole_is_read_page_by_page() -> None:
    bench = RoomBench()
    outlet = bench.begin()
    end = READ_ENTRIES + 3
    bench.room.sync()
    bench.broker.answer("read", slice_(entries(1, READ_ENTRIES), top=at(end)))
    call = bench.broker.answer("read", slice_(entries(READ_ENTRIES + 1, end)))
    assert call.args[1] == at(READ_ENTRIES)
    assert outlet.texts() == [f"x{offset}" for offset in range(1, end + 1)]


def test_a_log_that_cannot_be_read_is_read_again_later_and_nothing_is_delivered_meanwhile() -> None:
    bench = RoomBench()
    outlet = bench.begin(1)
    bench.room.receive(frame(entries(3, 3)))
    bench.broker.answer("read", Unavailable.UNREACHABLE)
    assert bench.room.stale and outlet.texts() == []
    bench.room.sync()
    bench.broker.answer("read", slice_(entries(2, 3)))
    assert not bench.room.stale and outlet.texts() == ["x2", "x3"]


def test_a_second_reason_to_read_while_reading_leads_to_a_second_look() -> None:
    bench = RoomBench()
    outlet = bench.begin(1)
    bench.room.sync()
    bench.room.sync()
    bench.broker.answer("read", slice_([], top=at(1)))
    bench.broker.answer("read", slice_(entries(2, 2)))
    assert outlet.texts() == ["x2"]
    assert bench.broker.calls == []


def test_more_frames_than_are_held_are_read_from_the_log() -> None:
    bench = RoomBench()
    outlet = bench.begin()
    bench.room.sync()
    last = HELD_FRAMES + 50
    for offset in range(1, last + 1):
        bench.room.receive(frame(entries(offset, offset)))
    bench.broker.answer("read", slice_([], top=at(0)))
    assert bench.room.top == at(HELD_FRAMES)
    bench.broker.answer("read", slice_(entries(HELD_FRAMES + 1, last)))
    assert outlet.texts() == [f"x{offset}" for offset in range(1, last + 1)]


def test_frames_before_the_first_look_are_held_until_it() -> None:
    bench = RoomBench()
    member = bench.member(at(7))
    bench.room.receive(frame(entries(9, 9)))
    assert bench.broker.calls == []
    bench.room.sync()
    bench.broker.answer("tail", slice_(entries(5, 8)))
    assert outlet_of(member).texts() == ["x8", "x9"]
    assert bench.room.top == at(9)


def test_a_room_that_is_not_there_yet_is_looked_at_again() -> None:
    bench = RoomBench()
    bench.room.sync()
    bench.broker.answer("tail", Slice(False, None, []))
    assert bench.room.stale
    bench.room.sync()
    bench.broker.answer("tail", slice_([], top=at(0)))
    assert not bench.room.stale and bench.room.top == at(0)


def test_a_room_that_no_node_remembers_is_created_for_its_members() -> None:
    bench = RoomBench()
    outlet = outlet_of(bench.member(at(1)))
    bench.room.sync()
    bench.broker.answer("tail", Slice(False, None, []))
    bench.broker.answer("begin", True)
    bench.broker.answer("tail", slice_([], top=at(0, epoch=b"k2")))
    bench.broker.answer("read", slice_([], on=False, top=at(0, epoch=b"k2")))
    assert outlet.texts() == ["gap k1-1-x1 k2-0-0"]
    bench.room.receive(frame(entries(1, 1))._replace(epoch=b"k2", branch=b"k2"))
    assert outlet.texts() == ["x1"]


def test_a_room_that_could_not_be_created_is_read_again_later() -> None:
    bench = RoomBench()
    bench.member(at(1))
    bench.room.sync()
    bench.broker.answer("tail", Slice(False, None, []))
    bench.broker.answer("begin", Unavailable.UNREACHABLE)
    assert bench.room.stale


def test_a_frame_that_names_another_predecessor_is_not_believed() -> None:
    bench = RoomBench()
    outlet = bench.begin(2)
    bench.room.receive(frame(entries(3, 3), prev="other"))
    assert outlet.texts() == []
    assert bench.broker.names() == ["read"]


def test_a_frame_of_another_epoch_is_not_believed() -> None:
    bench = RoomBench()
    outlet = bench.begin(2)
    bench.room.receive(frame(entries(3, 3))._replace(epoch=b"k2"))
    assert outlet.texts() == []
    assert bench.broker.names() == ["read"]


def test_an_offset_used_again_by_another_entry_is_noticed() -> None:
    bench = RoomBench()
    bench.begin()
    bench.room.receive(frame(entries(1, 3)))
    bench.room.receive(frame([entry(3, "y3")], prev="x2"))
    assert bench.broker.names() == ["read"]


def test_a_frame_of_a_log_that_is_no_more_is_looked_up_once_and_then_forgotten() -> None:
    """As from a master that was replaced: the log never holds what the frame tells."""
    bench = RoomBench()
    outlet = bench.begin(2)
    bench.room.receive(frame(entries(5, 5)))
    bench.broker.answer("read", slice_([], top=at(2)))
    assert bench.broker.calls == []
    bench.room.receive(frame(entries(3, 3)))
    bench.room.receive(frame([entry(3, "dead")], prev="x2"))
    bench.broker.answer("read", slice_([], top=at(3)))
    assert bench.broker.calls == []
    assert outlet.texts() == ["x3"]


def test_one_encoding_serves_all_members() -> None:
    bench = RoomBench()
    first = bench.begin()
    others = [outlet_of(bench.member(at(0))) for _ in range(3)]
    bench.room.receive(frame(entries(1, 2)))
    assert {other.data for other in others} == {first.data}
    assert bench.metrics.deliveries == 8
