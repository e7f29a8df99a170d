"""Entries that this node appended itself, until their frames have come."""

import pytest

from node.core.entries import START, Append, Position
from node.core.model import Failure, Fenced, Unavailable
from node.core.rooms.healing import Healing
from node.core.rooms.known_log import KnownLog
from node.core.rooms.ring import Ring
from node.core.rooms.unconfirmed import Unconfirmed
from tests.unit.node.core.fakes import (
    EPOCH,
    FakeBroker,
    RoomBench,
    at,
    entries,
    entry,
    frame,
    slice_,
)
from tests.unit.node.core.rooms.test_healing import ids


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


def notice(offset: int, prev: str = "", branch: bytes = EPOCH) -> Append:
    """Return a notice that this node has appended to the log, whatever that was."""
    found = frame([entry(offset, f"e{offset}", kind="e")], prev=prev)._replace(branch=branch)
    return Append(found, Position(EPOCH, offset - 1, found.prev), guarded=False)


@pytest.mark.parametrize("appended", [notice(3, prev="x2"), notice(6, prev="y5")])
def test_no_message_is_appended_after_a_notice_before_what_was_lost_is_put_back(
    appended: Append,
) -> None:
    bench = RoomBench()
    bench.begin(2)
    bench.room.receive(frame(entries(3, 4)))
    # Redis went back to the second entry: the notice is in the log, and the others are not.
    bench.room.appended(appended)
    assert bench.room.newest == at(4), "a message after it would come before the two that were lost"


def test_a_message_that_waits_is_the_newest_position_whatever_notice_follows() -> None:
    own = waiting(append(5, 6))
    own.add(notice(8), EPOCH)
    assert own.newest_after(at(3)) == at(6)


def test_a_notice_in_the_place_of_a_known_entry_makes_the_log_be_read() -> None:
    bench = RoomBench()
    bench.begin(4)
    bench.room.appended(notice(3))
    assert bench.broker.names() == ["read"]


def test_a_notice_that_the_log_lost_is_put_back_into_its_branch() -> None:
    bench = RoomBench()
    bench.begin(2)
    bench.room.appended(notice(4, branch=b"b2"))
    bench.room.sync()
    bench.broker.answer("read", slice_([], top=at(2)))
    missing = bench.broker.take("heal").args[1]
    assert ids(missing) == [b"e4"] and missing.branch == b"b2"


def waiting(*appends: Append) -> Unconfirmed:
    """Return appends to the first branch of a log whose frames have not come."""
    own = Unconfirmed()
    for append in appends:
        own.add(append, EPOCH)
    return own


def append(first: int, last: int, base: int = 0) -> Append:
    """Return an append of some entries; the log held ``base`` then."""
    return Append(frame(entries(first, last)), at(base))


def test_the_newest_of_the_own_entries_is_the_newest_position() -> None:
    assert waiting(append(5, 6), append(8, 9)).newest_after(at(3)) == at(9)


def test_an_own_entry_that_is_lost_holds_back_what_follows() -> None:
    assert waiting(append(5, 6), append(8, 9)).newest_after(at(12, "y12")) == at(6)
    assert waiting(append(5, 6)).newest_after(at(1, "y1", b"k2")) == at(6)


def test_the_append_right_after_the_top_is_next() -> None:
    first = append(5, 6)
    own = waiting(append(8, 9), first)
    assert own.next(at(4)) == first.frame
    assert own.next(at(4, "y4")) is None and own.next(at(6)) is None


def test_an_append_whose_frame_has_come_is_forgotten() -> None:
    own = waiting(append(5, 6), append(8, 9))
    own.confirm(entries(5, 7))
    assert [held.offset for held in own.entries] == [8, 9]


def test_an_append_is_overdue_when_it_is_there_at_two_ticks() -> None:
    own = waiting(append(5, 6))
    assert not own.overdue() and own.overdue()
    own.confirm(entries(5, 6))
    own.add(append(8, 9), EPOCH)
    assert not own.overdue()


def test_only_what_the_log_does_not_have_is_put_back() -> None:
    ring = Ring(at(0), 1000)
    ring.extend([*entries(1, 4), entry(5, "y5")])
    own = waiting(append(3, 4, base=2), append(5, 6, base=4))
    missing = own.missing(ring)
    assert missing is not None and ids(missing) == [b"x5", b"x6"]
    assert (missing.base, missing.read, missing.branch) == (at(5, "y5"), at(5, "y5"), EPOCH)
    assert len(own) == 1
    ring.replace_after(4, entries(5, 6), at(6))
    assert own.missing(ring) is None and not own.appends


def test_into_another_log_everything_is_put_back_from_its_beginning() -> None:
    ring = Ring(Position(b"k2", 0, b"0"), 1000)
    missing = waiting(append(5, 6, base=4)).missing(ring)
    assert missing is not None and missing.base == START._replace(epoch=EPOCH)


def test_appends_to_two_branches_are_put_back_one_branch_after_the_other() -> None:
    own = waiting(append(5, 6))
    own.add(append(7, 7), b"b1")
    missing = own.missing_log()
    assert missing.branch == EPOCH and ids(missing) == [b"x5", b"x6"]
    assert (missing.base, missing.read) == (START._replace(epoch=EPOCH), START)


@pytest.mark.parametrize(
    ("reply", "left"), [(1, 0), (0, 0), (Fenced.GONE, 0), (Unavailable.UNREACHABLE, 1)]
)
def test_own_entries_are_remembered_until_it_is_known_that_they_are_back(
    reply: int | Failure, left: int
) -> None:
    broker, own, known = FakeBroker(), waiting(append(5, 6)), KnownLog(10)
    told: list[int | Failure] = []
    Healing("r:lobby", broker, known, own).put_back(own.missing_log(), told.append)
    broker.answer("heal", reply)
    assert told == [reply] and len(own) == left


def test_nothing_is_delivered_while_own_entries_are_put_back() -> None:
    bench = RoomBench()
    outlet = bench.begin(1)
    bench.room.appended(Append(frame([entry(3, "own")], prev="x2"), at(1)))
    bench.room.sync()
    bench.broker.answer("read", slice_([entry(2), entry(3, "y3")]))
    assert outlet.texts() == ["x2", "y3"] and bench.broker.names() == ["heal"]
    bench.room.receive(frame([entry(4)], prev="y3"))
    assert outlet.texts() == []
    bench.broker.answer("heal", 1)
    back = [entry(4), entry(5, "own", original="k1-3 3")]
    bench.broker.answer("read", slice_(back))
    assert outlet.texts() == ["x4", "own"] and bench.broker.calls == []
    assert bench.metrics.rewinds_healed == 1
