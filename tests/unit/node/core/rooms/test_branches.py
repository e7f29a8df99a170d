"""When a log goes on in another branch, each reader gets what is new to it, and nothing twice."""

from node.core.entries import Compared, Cursor, Entry, Position, Slice
from node.core.rooms.member import Member
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
from tests.unit.node.core.rooms.test_healing import followed, ids, live
from wire import messages as m


def healed_after_y4() -> list[Entry]:
    """Return a log that lost x4 and x5, got y4, and then x4 and x5 again."""
    return [
        *entries(1, 3),
        entry(4, "y4"),
        entry(5, "x4", original="k1-4 4"),
        entry(6, "x5", original="k1-5 4"),
    ]


def test_entries_of_other_nodes_are_delivered_and_entries_put_back_are_not() -> None:
    bench = followed()
    live(bench)
    bench.room.receive(frame([entry(4, "y4")], prev="x3"))
    bench.broker.differ([*entries(1, 3), entry(4, "y4")])
    assert live(bench) == []
    bench.broker.answer("heal", 2)
    bench.broker.differ(healed_after_y4())
    assert live(bench) == ["y4"]
    bench.room.receive(frame(healed_after_y4()[4:], prev="y4"))
    assert live(bench) == []
    bench.room.receive(frame([entry(7)], prev="x5"))
    assert live(bench) == ["x7"]


def test_an_entry_that_a_repeated_call_appended_is_not_delivered_twice() -> None:
    bench = followed()
    live(bench)
    behind = bench.member(at(5))
    bench.room.pause(behind)
    outlet_of(behind).paused = True
    log = [*entries(1, 3), entry(4, "y4"), entry(5, "x4"), entry(6, "x5", original="k1-5 4")]
    bench.room.sync()
    bench.broker.differ(log)
    told = bench.broker.answer("heal", 0).args[1]
    assert ids(told) == [b"x4"] and told.there[b"x4"] == 5
    log[4] = entry(5, "x4", original="k1-4 4")
    bench.broker.differ(log)
    assert live(bench) == ["y4"]
    outlet_of(behind).paused = False
    bench.room.feed(behind)
    top = at(6, "x5")
    bench.broker.answer("read", Slice(False, top, log[3:], EPOCH, moved=6, fork=4, lost=EPOCH))
    assert outlet_of(behind).texts() == ["y4"]


def test_entries_put_back_by_another_node_go_only_to_members_that_lack_them() -> None:
    bench = followed(4)
    live(bench)
    late = bench.member(at(3))
    assert outlet_of(late).texts() == ["x4"]
    behind = outlet_of(bench.member(at(2)))
    behind.paused = True
    behind.take()
    # y5 comes right after what is known; x5, which never came here, follows it.
    bench.room.receive(frame([entry(5, "y5")]))
    bench.room.receive(frame([entry(6, "x5", original="k1-5 5")], prev="y5"))
    assert live(bench) == ["y5", "x5"]


def test_a_frame_of_entries_put_back_repeats_nothing() -> None:
    bench = followed(3)
    live(bench)
    bench.room.receive(frame([entry(4, "y4")]))
    back = [entry(5, "x3", original="k1-3 3"), entry(6, "x9", original="k1-4 3")]
    bench.room.receive(frame(back, prev="y4"))
    assert live(bench) == ["y4", "x9"]


def test_a_reader_behind_the_fork_gets_the_entries_of_both_branches() -> None:
    bench = followed()
    behind = bench.member(at(2))
    outlet_of(behind).take()
    bench.room.pause(behind)
    behind.advance(at(2), b"")
    outlet_of(behind).paused = True
    bench.room.sync()
    bench.broker.differ([*entries(1, 3), entry(4, "y4")])
    bench.broker.answer("heal", 2)
    bench.broker.differ(healed_after_y4())
    outlet_of(behind).paused = False
    bench.room.feed(behind)
    assert outlet_of(behind).texts() == ["x3", "y4", "x4", "x5"]


def test_entries_that_no_node_remembers_are_a_gap() -> None:
    bench = RoomBench()
    outlet = bench.begin(7)
    bench.room.sync()
    bench.broker.differ([entry(1, "y1")])
    assert outlet.texts() == [f"gap {at(7)} {at(1, 'y1')}", "y1"]
    assert bench.metrics.gaps == 1 and bench.room.top == at(1, "y1")


def test_entries_trimmed_before_they_were_read_are_a_gap_for_all_live_members() -> None:
    bench = followed(2)
    live(bench)
    bench.room.sync()
    bench.broker.differ(entries(50, 60))
    assert bench.broker.calls == []
    assert live(bench) == [f"gap {at(2)} {at(50)}"] + [f"x{n}" for n in range(50, 61)]


def test_entries_put_back_late_in_a_third_branch_go_to_no_member_that_has_them() -> None:
    bench = RoomBench(most=4)
    bench.begin(20)
    bench.room.receive(frame(entries(21, 24)))
    live(bench)
    bench.room.sync()
    bench.broker.differ([])
    bench.broker.answer("heal", 4)
    bench.broker.differ([entry(n, f"x{n + 20}", original=f"k1-{n + 20} 1") for n in range(1, 5)])
    assert bench.room.top == at(4, "x24")
    # Another node puts back what it remembers; what this one knows of the log is trimmed.
    bench.room.sync()
    bench.broker.differ([entry(n, f"x{n + 10}", original=f"k1-{n + 10} 5") for n in range(6, 10)])
    assert live(bench) == [f"gap {at(4, 'x24')} {at(9, 'x19')}"]
    assert bench.room.top == at(9, "x19")


def test_a_gap_begins_where_a_client_is_though_another_log_was_begun_meanwhile() -> None:
    bench = RoomBench()
    bench.begin(7)
    client = bench.member(at(0), resumed=True)
    begun = Position(b"k2", 0, b"0")
    bench.broker.answer("read", Slice(True, begun, [], b"k2"))
    assert bench.broker.calls == [] and bench.room.stale
    bench.room.sync()
    bench.broker.answer("read", Slice(False, at(9), [], EPOCH))
    log = entries(8, 9)
    bench.broker.answer("compare", Compared(at(9), EPOCH, 8, b"x8", 7))
    bench.broker.answer("read", slice_(log, top=at(9)))
    bench.broker.answer("read", Slice(False, at(9), log, EPOCH))
    assert outlet_of(client).texts() == [f"gap {at(0)} {at(8)}", "x8", "x9"]


def test_a_client_that_has_the_lost_entries_does_not_get_them_from_another_node() -> None:
    here = RoomBench()
    outlet = here.begin(5)
    here.room.sync()
    here.broker.differ(healed_after_y4(), fork=4)
    [event] = outlet.take()
    assert isinstance(event, m.Message) and event.text == "y4"
    told = Cursor.parse(event.position)
    assert told is not None and told.position == at(4, "y4") and told.seen == (EPOCH, 4, 5)
    there = RoomBench()
    there.room.begin(at(0))
    there.room.receive(frame(healed_after_y4()))
    assert outlet_of(there.member(*told, resumed=True)).texts() == []


def parted_at_6() -> RoomBench:
    """Return a room that was followed from 8 to 9, in a log that then went on otherwise after 5."""
    bench = RoomBench()
    bench.begin(7)
    bench.room.receive(frame(entries(8, 9)))
    bench.room.sync()
    back = [entry(7, "x8", original="k1-8 6"), entry(8, "x9", original="k1-9 6")]
    bench.broker.differ([*entries(4, 5), entry(6, "y6"), *back], fork=6, branch=b"b1")
    assert live(bench) == ["x8", "x9", "y6"] and bench.broker.calls == []
    return bench


def test_a_client_from_before_a_loss_gets_what_its_new_node_had_before_that_loss() -> None:
    bench = parted_at_6()
    client = bench.member(at(5), resumed=True)
    assert outlet_of(client).texts() == ["y6", "x8", "x9"]
    bench.room.feed(client)
    assert client.cursor is None
    late = [entry(9, "x7", original="k1-7 6"), entry(10, "x4", original="k1-4 6")]
    bench.room.receive(frame(late, prev="x9")._replace(branch=b"b1"))
    assert outlet_of(client).texts() == ["x7"]
    [members] = bench.room.readers.live.values()
    assert [outlet_of(member).texts() for member in members if member is not client] == [[]]


def test_a_client_that_lost_its_place_to_a_gap_gets_what_is_put_back_of_that_gap() -> None:
    bench = parted_at_6()
    client = bench.member(at(2), resumed=True)
    kept = [entry(8, "x9", original="k1-9 6")]
    bench.broker.answer("read", Slice(False, at(8, "x9"), kept, b"b1", 8))
    [gap, event] = outlet_of(client).take()
    assert isinstance(gap, m.Gap) and isinstance(event, m.Message)
    assert (gap.after, gap.position) == (str(at(2)), event.position)
    bench.room.feed(client)
    assert client.cursor is None
    bench.room.receive(frame([entry(9, "x7", original="k1-7 6")], prev="x9")._replace(branch=b"b1"))
    assert outlet_of(client).texts() == ["x7"]


def after_a_gap() -> RoomBench:
    """Return a room whose live member missed the entries from 3 to 5, and then x6 was lost."""
    bench = followed(2)
    bench.room.sync()
    bench.broker.differ(entries(6, 9))
    assert live(bench)[2:] == [f"gap {at(2)} {at(6)}", "x6", "x7", "x8", "x9"]
    return bench


def test_what_live_members_missed_before_a_loss_is_new_when_it_is_put_back() -> None:
    bench = after_a_gap()
    bench.room.sync()
    back = [entry(n - 2, f"x{n}", original=f"k1-{n} 5") for n in (7, 8, 9)]
    bench.broker.differ([entry(4), *back], fork=5, branch=b"b1")
    late = [entry(n + 6, f"x{n}", original=f"k1-{n} 5") for n in (2, 5, 6)]
    bench.room.receive(frame(late, prev="x9")._replace(branch=b"b1"))
    assert live(bench) == ["x5"]


def test_what_live_members_missed_is_new_when_it_is_found_with_the_loss() -> None:
    bench = after_a_gap()
    bench.room.sync()
    back = [entry(n, f"x{n}", original=f"k1-{n} 5") for n in (5, 6, 7, 8, 9)]
    bench.broker.differ([entry(4), *back], fork=5, branch=b"b1")
    assert live(bench) == ["x5"]


def test_a_member_that_was_live_at_a_loss_gets_nothing_again_after_it_was_slow() -> None:
    bench = RoomBench()
    outlet = bench.begin(9)
    bench.room.sync()
    bench.broker.differ(entries(4, 7), fork=8, branch=b"b1")
    [[member]] = bench.room.readers.live.values()
    bench.room.pause(member)
    bench.room.feed(member)
    back = entry(8, "x9", original="k1-9 8")
    bench.room.receive(frame([back, entry(9, "y9")])._replace(branch=b"b1"))
    assert outlet.texts() == ["y9"]


BACK = [entry(4, "y4"), entry(5, "x4", original="k1-4 4"), entry(6, original="k1-6 4")]


def overtaken(rest: list[Entry]) -> tuple[RoomBench, Member]:
    """Return a room with a slow member: x6, its newest entry, came back where it was, behind y4."""
    bench = RoomBench(most=3)
    bench.room.begin(at(0))
    member = bench.member(at(0))
    bench.room.receive(frame(entries(1, 6)))
    assert len(outlet_of(member).texts()) == 6
    bench.room.pause(member)
    outlet_of(member).paused = True
    bench.room.sync()
    bench.broker.differ([*entries(1, 3), *BACK, *rest], fork=4, branch=b"b1")
    assert bench.broker.calls == [] and bench.room.known.branch == b"b1"
    outlet_of(member).paused = False
    return bench, member


def test_a_position_that_was_in_a_lost_branch_too_is_looked_up_in_the_log() -> None:
    bench, member = overtaken([entry(7, "x5", original="k1-5 4")])
    bench.room.feed(member)
    found = [*BACK, entry(7, "x5", original="k1-5 4")]
    bench.broker.answer("read", Slice(False, at(7, "x5"), found, b"b1", 7, fork=4, lost=EPOCH))
    assert outlet_of(member).texts() == ["y4"]


def test_a_member_that_leaves_gets_what_came_before_its_end_in_the_new_branch() -> None:
    rest = [entry(7, "me", kind="l"), entry(8, "x5", original="k1-5 4"), *entries(9, 14)]
    bench, member = overtaken(rest)
    bench.room.leave(member, at(7, "me"))
    assert not member.complete
    found = [*BACK, *rest]
    bench.broker.answer("read", Slice(False, at(14), found, b"b1", 8, fork=4, lost=EPOCH))
    assert outlet_of(member).texts() == ["y4"] and member.complete
