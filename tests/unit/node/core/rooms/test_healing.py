"""A room notices that Redis went back to an older state, and puts back what it remembers."""

from node.core.entries import Append, Lost, Slice
from node.core.model import Fenced, Unavailable
from tests.unit.node.core.fakes import (
    RoomBench,
    at,
    entries,
    entry,
    frame,
    outlet_of,
    slice_,
)

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


def test_an_own_entry_whose_reply_comes_late_is_put_back_once_into_a_forgotten_log() -> None:
    """Its frame had come first; the reply had to be asked for again while the log was read."""
    bench = followed(3)
    bench.room.sync()
    bench.room.appended(Append(frame(entries(2, 2)), at(1)))
    bench.room.appended(Append(frame(entries(4, 4)), at(3)))
    bench.broker.answer("read", MISSING)
    heal = bench.broker.answer("heal", 4)
    assert ids(heal.args[1]) == [b"x1", b"x2", b"x3", b"x4"]


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
    bench.broker.answer("heal", Fenced.AGAIN)
    assert bench.room.stale
    bench.room.sync()
    bench.broker.differ([*entries(1, 3), entry(4, "y4")])
    heal = bench.broker.take("heal")
    assert heal.args[1].base == at(3)


def test_more_entries_than_a_log_keeps_are_put_back_only_once() -> None:
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


def test_entries_found_and_trimmed_are_not_put_back_again_in_the_same_round() -> None:
    bench = followed()
    bench.room.sync()
    bench.broker.differ(entries(1, 3))
    bench.broker.answer("heal", 0)
    bench.broker.differ(entries(1, 3))
    assert bench.broker.calls == [] and bench.room.top == at(3)


def test_the_next_round_puts_them_back_again() -> None:
    bench = followed()
    bench.room.sync()
    bench.broker.differ(entries(1, 3))
    bench.broker.answer("heal", 0)
    bench.broker.answer("read", Unavailable.UNREACHABLE)
    bench.room.sync()
    bench.broker.differ(entries(1, 3))
    assert ids(bench.broker.take("heal").args[1]) == [b"x4", b"x5"]


def test_a_node_that_began_late_leaves_a_forgotten_room_to_those_that_remember_more() -> None:
    bench = RoomBench()
    bench.room.begin(at(90))
    bench.member(at(90))
    bench.broker.away = True
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert bench.room.stale and "heal" not in bench.broker.names()
    bench.broker.away = False
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert bench.broker.answer("heal", 0).args[1].base == at(90), "nobody has remembered more"


def test_a_node_that_waits_for_others_reads_a_forgotten_room_again_as_soon_as_it_may() -> None:
    """Others may remember less, and wait but a little longer; nobody need be in the room."""
    bench = RoomBench()
    bench.room.begin(at(2))
    bench.room.receive(frame(entries(3, 20)))
    bench.broker.away = True
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert bench.room.empty and bench.broker.names() == ["look_again"]
    assert bench.broker.take("look_again").args == ("r:lobby", 0.55)


def test_a_node_that_remembers_all_of_a_forgotten_room_puts_it_back_at_once() -> None:
    bench = followed(3)
    bench.broker.away = True
    bench.room.sync()
    bench.broker.answer("read", MISSING)
    assert ids(bench.broker.answer("heal", 3).args[1]) == [b"x1", b"x2", b"x3"]
