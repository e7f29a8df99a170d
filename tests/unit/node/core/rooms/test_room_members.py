"""Members that are behind: slow readers, continued sessions, those who just joined or leave."""

from node.core.entries import START, Cursor, Slice
from node.core.model import Refused
from node.core.rooms.member import Member
from node.core.rooms.readers import FEED_BYTES, FEED_ENTRIES
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
from wire import messages as m


def followed(last: int = 5) -> RoomBench:
    """Return a room that is followed from its beginning to ``last``, with nobody in it."""
    bench = RoomBench(most=1000)
    bench.room.begin(at(0))
    bench.room.receive(frame(entries(1, last)))
    return bench


def texts(member: Member) -> list[str]:
    """Return what a member got since the last time."""
    return outlet_of(member).texts()


def drain(bench: RoomBench, member: Member) -> None:
    """Let a member's transport take everything, until nothing more is fed."""
    outlet = outlet_of(member)
    while outlet.hungry and member in bench.room.behind:
        outlet.hungry = False
        bench.room.feed(member)


def test_a_slow_reader_gets_nothing_until_it_has_read_and_then_everything_in_order() -> None:
    bench = followed(1)
    slow, quick = bench.member(at(1)), bench.member(at(1))
    outlet_of(slow).paused = True
    bench.room.pause(slow)
    for offset in range(2, 302):
        bench.room.receive(frame(entries(offset, offset)))
    assert texts(slow) == [] and len(texts(quick)) == 300
    assert slow.cursor == at(1)
    outlet_of(slow).paused = False
    bench.room.feed(slow)
    drain(bench, slow)
    assert texts(slow) == [f"x{offset}" for offset in range(2, 302)]
    assert slow.cursor is None
    bench.room.receive(frame(entries(302, 302)))
    assert texts(slow) == ["x302"]


def test_a_reader_is_fed_a_page_at_a_time_bounded_in_entries_and_bytes() -> None:
    bench = followed(250)
    member = bench.member(at(0))
    assert len(texts(member)) == FEED_ENTRIES
    bench = RoomBench()
    bench.room.begin(at(0))
    big = [entry(offset, text="b" * (FEED_BYTES // 3)) for offset in range(1, 9)]
    bench.room.receive(frame(big))
    member = bench.member(at(0))
    assert len(texts(member)) == 3


def test_a_reader_that_pauses_while_it_is_fed_goes_on_where_it_was() -> None:
    bench = followed(250)
    member = bench.member(at(0))
    outlet_of(member).paused = True
    drain(bench, member)
    assert len(texts(member)) == FEED_ENTRIES
    outlet_of(member).paused = False
    bench.room.feed(member)
    drain(bench, member)
    assert texts(member)[0] == f"x{FEED_ENTRIES + 1}" and member.cursor is None


def test_a_reader_further_behind_than_the_ring_is_fed_from_the_log() -> None:
    bench = RoomBench(most=10)
    bench.begin()
    for offset in range(1, 41):
        bench.room.receive(frame(entries(offset, offset)))
    member = bench.member(at(3))
    assert texts(member) == []
    call = bench.broker.answer("read", slice_(entries(4, 33), top=at(40)))
    assert call.args[:4] == ("r:lobby", at(3), b"", FEED_ENTRIES)
    drain(bench, member)
    assert texts(member) == [f"x{offset}" for offset in range(4, 41)]
    assert member.cursor is None


def test_what_was_trimmed_before_a_slow_reader_got_it_is_a_gap() -> None:
    bench = RoomBench(most=10)
    bench.begin(0)
    for offset in range(1, 41):
        bench.room.receive(frame(entries(offset, offset)))
    member = bench.member(at(3))
    bench.broker.answer("read", slice_(entries(21, 40), on=False))
    assert texts(member)[:2] == [f"gap {at(3)} {at(21)}", "x21"]
    assert bench.metrics.gaps == 1
    drain(bench, member)
    assert member.cursor is None


def test_while_a_log_is_read_for_a_reader_nothing_else_is_fed_to_it() -> None:
    bench = RoomBench(most=4)
    bench.begin(30)
    member = bench.member(at(3))
    bench.room.feed(member)
    bench.room.receive(frame(entries(31, 31)))
    assert texts(member) == [] and bench.broker.names() == ["read"]
    bench.broker.answer("read", slice_(entries(4, 31)))
    drain(bench, member)
    assert texts(member) == [f"x{offset}" for offset in range(4, 32)]


def test_a_read_that_fails_is_tried_again_with_the_next_look_at_the_log() -> None:
    bench = RoomBench()
    bench.room.begin(at(30))
    member = bench.member(at(28))
    bench.broker.answer("read", Refused.UNAVAILABLE)
    assert bench.room.stale
    bench.room.sync()
    bench.broker.answer("read", slice_([], top=at(30)))
    bench.broker.answer("read", slice_(entries(29, 30)))
    drain(bench, member)
    assert texts(member) == ["x29", "x30"]


def test_a_member_that_joined_ahead_of_what_is_known_waits_for_the_frame() -> None:
    bench = followed(5)
    member = bench.member(at(7))
    assert bench.broker.calls == [] and texts(member) == []
    bench.room.receive(frame(entries(6, 6)))
    bench.room.receive(frame(entries(7, 8)))
    drain(bench, member)
    assert texts(member) == ["x8"] and member.cursor is None


def test_a_member_whose_frame_never_comes_is_told_once_the_log_has_been_looked_at() -> None:
    """The log was taken back to before it joined, and nobody remembers that it did."""
    bench = followed(5)
    member = bench.member(at(7))
    assert bench.room.awaited
    bench.room.sync()
    bench.broker.answer("read", slice_([], top=at(5)))
    assert bench.broker.answer("read", slice_(entries(1, 5), on=False)).args[1] == at(7)
    drain(bench, member)
    assert texts(member) == [f"gap {at(7)} {at(1)}", *(f"x{offset}" for offset in range(1, 6))]
    assert member.cursor is None and not bench.room.awaited


def test_a_member_that_joined_while_the_log_was_looked_at_goes_on_waiting() -> None:
    bench = followed(5)
    bench.room.sync()
    member = bench.member(at(7))
    bench.broker.answer("read", slice_([], top=at(5)))
    bench.broker.answer("read", slice_([], top=at(7)))
    assert texts(member) == [] and bench.broker.calls == []
    bench.room.receive(frame(entries(6, 8)))
    drain(bench, member)
    assert texts(member) == ["x8"] and member.cursor is None


def test_a_continued_session_goes_on_after_the_position_it_names() -> None:
    bench = followed(5)
    member = bench.member(at(3), resumed=True)
    drain(bench, member)
    assert texts(member) == ["x4", "x5"]
    assert member.cursor is None and not member.unverified


def test_a_continued_session_that_missed_nothing_gets_nothing() -> None:
    bench = followed(5)
    member = bench.member(at(5), resumed=True)
    assert texts(member) == [] and member.cursor is None


def test_a_position_from_the_beginning_of_a_log_gets_everything_kept() -> None:
    bench = followed(2)
    member = bench.member(START, resumed=True)
    drain(bench, member)
    assert texts(member) == ["x1", "x2"]


def test_a_position_that_was_put_back_elsewhere_is_found_by_its_id() -> None:
    bench = RoomBench()
    bench.room.begin(at(6, "x5"))
    member = bench.member(at(5), resumed=True)
    found = [
        entry(4, "y4"),
        entry(5, "x4", original="k1-4 4"),
        entry(6, "x5", original="k1-5 4"),
    ]
    top = at(6, "x5")
    bench.broker.answer("read", Slice(False, top, found, EPOCH, moved=6, fork=4, lost=EPOCH))
    drain(bench, member)
    assert texts(member) == ["y4"] and member.cursor is None


def test_who_is_cut_off_amid_what_was_put_back_gets_none_of_it_again() -> None:
    """The position says what the reader had had of the branch that was lost."""
    bench = RoomBench()
    bench.room.begin(at(8, "x6"))
    member = bench.member(at(5), resumed=True)
    found = [
        entry(4, "y4"),
        entry(5, "x5", original="k1-5 4"),
        entry(6, "y6"),
        entry(7, "x4", original="k1-4 4"),
        entry(8, "x6", original="k1-6 4"),
    ]
    top = at(8, "x6")
    bench.broker.answer("read", Slice(False, top, found, b"b2", moved=8, fork=4, lost=EPOCH))
    told = [event for event in outlet_of(member).take() if isinstance(event, m.Message)]
    assert [event.text for event in told] == ["y4", "y6", "x6"]
    cursor = Cursor.parse(told[1].position)
    assert cursor is not None
    again = bench.member(*cursor, resumed=True)
    bench.broker.answer("read", Slice(True, top, found[3:], b"b2", moved=8))
    assert texts(again) == ["x6"]


def test_a_position_nobody_knows_is_a_gap_and_then_everything_kept() -> None:
    bench = followed(3)
    member = bench.member(at(2, "never"), resumed=True)
    bench.broker.answer("read", slice_(entries(1, 3), on=False))
    drain(bench, member)
    assert texts(member) == [f"gap {at(2, 'never')} {at(1)}", "x1", "x2", "x3"]


def test_a_position_ahead_of_the_log_is_a_gap_and_then_everything_kept() -> None:
    bench = followed(2)
    member = bench.member(at(9), resumed=True)
    bench.broker.answer("read", slice_(entries(1, 2), on=False))
    drain(bench, member)
    assert texts(member) == [f"gap {at(9)} {at(1)}", "x1", "x2"]


def test_a_gap_before_nothing_names_the_newest_position() -> None:
    bench = RoomBench()
    bench.room.begin(at(0))
    member = bench.member(at(9), resumed=True)
    bench.broker.answer("read", slice_([], on=False, top=at(0)))
    assert texts(member) == [f"gap {at(9)} {at(0)}"]
    assert member.cursor is None


def test_a_log_that_is_gone_while_a_session_continues_is_looked_at_again() -> None:
    bench = followed(2)
    member = bench.member(at(9), resumed=True)
    bench.broker.answer("read", Slice(False, None, []))
    assert bench.room.stale and texts(member) == []


def test_a_reply_for_a_member_that_has_gone_is_thrown_away() -> None:
    bench = RoomBench()
    bench.room.begin(at(30))
    member = bench.member(at(3))
    bench.room.remove(member)
    bench.broker.answer("read", slice_(entries(4, 30)))
    assert texts(member) == [] and bench.room.empty


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


def test_delivered_is_the_last_entry_a_member_was_given() -> None:
    bench = followed(3)
    member = bench.member(at(3))
    assert bench.room.delivered(member) == at(3)
    bench.room.receive(frame(entries(4, 4)))
    assert bench.room.delivered(member) == at(4)
    outlet_of(member).paused = True
    bench.room.pause(member)
    bench.room.receive(frame(entries(5, 5)))
    assert bench.room.delivered(member) == at(4)
