"""Members whose clients name a position: continued sessions read on where they were."""

from node.core.entries import START, Cursor, Slice
from tests.unit.node.core.fakes import (
    EPOCH,
    RoomBench,
    at,
    entries,
    entry,
    outlet_of,
    slice_,
)
from tests.unit.node.core.rooms.test_readers import drain, followed, texts
from wire import messages as m


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


def test_a_client_cut_off_among_entries_put_back_gets_none_of_them_twice() -> None:
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
