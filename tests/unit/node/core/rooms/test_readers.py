"""Members that are behind: slow readers, continued sessions, those who just joined or leave."""

from node.core.entries import SeenBranch
from node.core.model import Unavailable
from node.core.rooms.member import Member, MemberState
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


def test_entries_trimmed_before_a_slow_reader_got_them_are_a_gap() -> None:
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
    bench.broker.answer("read", Unavailable.UNREACHABLE)
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


def test_a_reply_for_a_member_that_has_gone_is_thrown_away() -> None:
    bench = RoomBench()
    bench.room.begin(at(30))
    member = bench.member(at(3))
    bench.room.remove(member)
    bench.broker.answer("read", slice_(entries(4, 30)))
    assert texts(member) == [] and bench.room.empty


def test_members_that_want_to_leave_do_not_count_as_present() -> None:
    bench = followed(3)
    live, behind = bench.member(at(3)), bench.member(at(3))
    outlet_of(behind).paused = True
    bench.room.pause(behind)
    stopped, leaving = bench.member(at(3)), bench.member(at(3))
    bench.room.stop(stopped)
    bench.room.stop(leaving)
    bench.room.leave(leaving, at(9))
    assert bench.room.present == 2
    bench.room.remove(live)
    assert bench.room.present == 1


def test_a_member_is_live_or_behind_or_neither() -> None:
    bench = followed(3)
    member = bench.member(at(3))
    [live] = bench.room.readers.live.values()
    assert member in live and member not in bench.room.behind
    bench.room.pause(member)
    assert member not in live and member in bench.room.behind and not bench.room.readers.live
    bench.room.remove(member)
    assert bench.room.empty and member.state is MemberState.ABSENT


def test_nobody_is_fed_while_the_log_is_read() -> None:
    bench = followed(3)
    bench.room.sync()
    member = bench.member(at(1))
    assert texts(member) == [] and bench.broker.names() == ["read"]
    bench.broker.answer("read", slice_([], top=at(3)))
    assert texts(member) == ["x2", "x3"]


def test_a_live_member_that_has_seen_a_lost_branch_reads_entries_put_back_by_itself() -> None:
    bench = followed(3)
    plain, marked = bench.member(at(3)), bench.member(at(3), SeenBranch(EPOCH, 3, 9), resumed=True)
    assert bench.room.behind == {}
    bench.room.receive(frame([entry(4, "y4"), entry(5, "x8", original="k1-8 3")]))
    assert texts(plain) == ["y4", "x8"]
    drain(bench, marked)
    assert texts(marked) == ["y4"]
