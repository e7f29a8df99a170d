"""A room notices that its log was taken back, puts back what it remembers, and goes on."""

from node.core.entries import START, Append, Compared, Cursor, Entry, Lost, Position, Slice
from node.core.model import Refused
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
from wire import messages as m

MISSING = Slice(False, None, [])


def ids(lost: Lost) -> list[bytes]:
    """Return the ids of what is to be put back."""
    return [held.id for held in lost.entries]


def followed(last: int = 5) -> RoomBench:
    """Return a room with one live member that has got everything up to ``last``."""
    bench = RoomBench()
    bench.begin()
    bench.room.receive(frame(entries(1, last)))
    return bench


def live(bench: RoomBench) -> list[str]:
    """Return what the live member got since the last time."""
    [members] = bench.room.readers.live.values()
    outlet = outlet_of(next(iter(members)))
    return outlet.texts()


def test_entries_that_the_log_lost_are_put_back_where_they_were() -> None:
    bench = followed()
    live(bench)
    bench.room.sync()
    bench.broker.differ(entries(1, 3))
    heal = bench.broker.answer("heal", 2)
    log, lost = heal.args[:2]
    assert (log, lost.base, ids(lost)) == ("r:lobby", at(3), [b"x4", b"x5"])
    bench.broker.answer("read", slice_([], top=at(5)))
    assert live(bench) == []
    assert bench.room.top == at(5)
    assert bench.metrics.rewinds_healed == 1
    bench.room.receive(frame(entries(6, 6)))
    assert live(bench) == ["x6"]


def test_a_node_that_comes_second_with_healing_finds_it_done() -> None:
    bench = followed()
    live(bench)
    bench.room.sync()
    bench.broker.differ(entries(1, 4))
    bench.broker.answer("heal", 0)
    bench.broker.answer("read", slice_([], top=at(5)))
    assert live(bench) == [] and bench.metrics.rewinds_healed == 0


def test_a_log_that_was_forgotten_is_put_back_as_far_as_it_is_remembered() -> None:
    bench = RoomBench()
    bench.begin(7)
    bench.room.receive(frame(entries(8, 9)))
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    heal = bench.broker.answer("heal", 2)
    assert heal.args[1].base == at(7)
    assert ids(heal.args[1]) == [b"x8", b"x9"]


def test_a_forgotten_log_of_which_nothing_is_remembered_is_made_where_it_was() -> None:
    bench = RoomBench()
    bench.begin(7)
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    heal = bench.broker.answer("heal", 0)
    assert heal.args[1].base == at(7) and ids(heal.args[1]) == []
    bench.broker.answer("read", slice_([], top=at(7)))
    assert bench.broker.calls == [] and live(bench) == []


def test_a_log_that_cannot_be_made_again_yet_is_left_for_later() -> None:
    bench = followed(2)
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    bench.broker.answer("heal", 0)
    bench.broker.answer("read", MISSING)
    assert bench.broker.calls == [] and bench.room.stale


def test_a_log_of_another_epoch_gets_everything_that_is_remembered() -> None:
    bench = followed(2)
    live(bench)
    bench.room.sync()
    bench.broker.differ([entry(1, "y1")], b"k2")
    heal = bench.broker.answer("heal", 2)
    assert heal.args[1].base.offset == 0 and ids(heal.args[1]) == [b"x1", b"x2"]
    found = [
        entry(1, "y1"),
        entry(2, "x1", original="k1-1 1"),
        entry(3, "x2", original="k1-2 1"),
    ]
    bench.broker.differ(found, b"k2", fork=1)
    assert live(bench) == ["y1"]
    assert bench.room.top == at(3, "x2", b"k2")


def test_a_log_that_changed_before_it_was_healed_is_looked_at_again() -> None:
    bench = followed()
    bench.room.sync()
    bench.broker.differ(entries(1, 3))
    bench.broker.answer("heal", Refused.AGAIN)
    assert bench.room.stale
    bench.room.sync()
    bench.broker.differ([*entries(1, 3), entry(4, "y4")])
    heal = bench.broker.take("heal")
    assert heal.args[1].base == at(3)


def test_what_others_appended_meanwhile_is_delivered_and_what_was_put_back_is_not() -> None:
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


def healed_after_y4() -> list[Entry]:
    """Return a log that lost x4 and x5, got y4, and then x4 and x5 again."""
    return [
        *entries(1, 3),
        entry(4, "y4"),
        entry(5, "x4", original="k1-4 4"),
        entry(6, "x5", original="k1-5 4"),
    ]


def test_what_a_repeated_call_appended_before_it_was_put_back_is_given_to_nobody_again() -> None:
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


def test_entries_put_back_by_another_node_go_only_to_those_who_had_not_had_them() -> None:
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


def test_a_frame_of_entries_put_back_gives_nobody_what_he_had() -> None:
    bench = followed(3)
    live(bench)
    bench.room.receive(frame([entry(4, "y4")]))
    back = [entry(5, "x3", original="k1-3 3"), entry(6, "x9", original="k1-4 3")]
    bench.room.receive(frame(back, prev="y4"))
    assert live(bench) == ["y4", "x9"]


def test_a_reader_behind_the_place_where_the_logs_part_gets_both() -> None:
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


def test_what_nobody_remembers_is_a_gap() -> None:
    bench = RoomBench()
    outlet = bench.begin(7)
    bench.room.sync()
    bench.broker.differ([entry(1, "y1")])
    assert outlet.texts() == [f"gap {at(7)} {at(1, 'y1')}", "y1"]
    assert bench.metrics.gaps == 1 and bench.room.top == at(1, "y1")


def test_what_was_trimmed_while_nobody_looked_is_a_gap_for_all_live_members() -> None:
    bench = followed(2)
    live(bench)
    bench.room.sync()
    bench.broker.differ(entries(50, 60))
    assert bench.broker.calls == []
    assert live(bench) == [f"gap {at(2)} {at(50)}"] + [f"x{n}" for n in range(50, 61)]


def test_more_than_a_log_keeps_is_put_back_once_and_not_again_and_again() -> None:
    """Six entries are remembered; they are put back at 3, and only the newest four are kept."""
    bench = RoomBench(most=5)
    bench.begin(20)
    bench.room.receive(frame(entries(21, 26)))
    bench.room.sync()
    bench.broker.differ(entries(1, 2))
    put_back = bench.broker.answer("heal", 6).args[1].entries
    found = [
        entry(number, held.id.decode(), original=f"k1-{held.offset} 3")
        for number, held in enumerate(put_back, 3)
    ][-4:]
    bench.broker.differ(found)
    assert bench.broker.calls == []
    assert bench.room.top == at(found[-1].offset, "x26")


def test_what_is_put_back_late_in_a_log_that_parted_again_goes_to_nobody_who_had_it() -> None:
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


def test_who_had_the_lost_entries_does_not_get_them_again_on_another_node() -> None:
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


def test_an_inbox_of_which_nothing_is_remembered_is_left_to_the_nodes_of_the_authors() -> None:
    bench = RoomBench(log="i:s1")
    bench.room.begin(at(7))
    bench.broker.away = True
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    bench.broker.away = False
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert bench.broker.calls == [] and bench.room.stale, "they begin when they are sure, too"
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert bench.broker.take("heal").args[1] == Lost(at(7), at(7), b"", [])


def test_an_inbox_does_not_begin_behind_a_repeated_direct_that_is_all_that_is_remembered() -> None:
    bench = RoomBench(log="i:s1")
    bench.room.begin(at(7))
    bench.broker.away = True
    bench.room.appended(Append(frame([entry(5)], prev=""), at(4)))
    bench.broker.answer("read", MISSING)
    assert bench.broker.calls == [] and bench.room.stale, "what is between them is not known here"


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


def test_nothing_is_appended_ahead_of_an_entry_that_has_to_be_put_back() -> None:
    bench = RoomBench()
    bench.begin(1)
    own = entry(3, "own")
    bench.room.appended(Append(frame([own], prev="x2"), at(1)))
    assert bench.room.newest == at(3, "own"), "the frame before it is on its way"
    bench.room.receive(frame([entry(2), entry(3, "y3"), entry(4, "y4")]))
    assert bench.room.top == at(4, "y4") and bench.room.newest == at(3, "own")
    bench.room.rewound()
    bench.broker.answer("read", slice_([], top=at(4, "y4")))
    assert bench.broker.calls[-1].name == "heal" and bench.room.newest == at(3, "own")
    bench.room.rewound()
    bench.broker.answer("heal", 1)
    assert bench.room.newest == bench.room.top


def test_what_was_appended_before_the_log_was_known_is_put_back_into_the_same_log() -> None:
    bench = RoomBench()
    bench.room.sync()
    own = entry(3, "own")
    bench.room.appended(Append(frame([own], prev="x2"), START))
    bench.broker.answer("tail", slice_(entries(1, 2), top=at(2)))
    missing = bench.broker.calls[-1].args[1]
    assert missing.base == at(2), "with the epoch, or all readers would get x1 and x2 again"


def test_what_was_appended_to_the_new_log_is_not_put_back_as_if_of_the_old_one() -> None:
    bench = RoomBench()
    bench.room.begin(at(0))
    bench.room.receive(frame(entries(1, 1)))
    # Redis lost the log, another node has begun a new one, and ours appended to that.
    own = frame([entry(2, "own")], prev="y1")._replace(epoch=b"k2")
    bench.room.appended(Append(own, Position(b"k2", 1, b"y1")))
    bench.room.sync()
    bench.broker.differ([entry(1, "y1"), entry(2, "own")], epoch=b"k2")
    assert ids(bench.broker.take("heal").args[1]) == [b"x1"]
