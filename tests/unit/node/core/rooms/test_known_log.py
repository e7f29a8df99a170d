"""What is known of a log: how its branch changes, and which positions can be trusted."""

from node.core.entries import CURRENT, START, UNKNOWN, Entry, Position, Slice
from node.core.rooms.known_log import KnownLog
from node.core.rooms.merge import Found
from tests.unit.node.core.fakes import EPOCH, at, entries, entry


def known(base: int = 0, last: int = 0, most: int = 1000) -> KnownLog:
    """Return what is known of a log that was followed from ``base`` to ``last``."""
    log = KnownLog(most)
    log.begin(at(base))
    assert log.ring is not None
    log.ring.extend(entries(base + 1, last))
    return log


def found(there: list[Entry], common: int | None = None, branch: bytes = b"b1") -> Found:
    """Return what was read of a log that has these entries, after a common one."""
    last = there[-1]
    rest = [held for held in there if common is None or held.offset > common]
    moved = max([held.offset for held in there if held.original_positions], default=0)
    shared = at(common) if common is not None else None
    top = Position(EPOCH, last.offset, last.id)
    return Found(top, branch, shared, there[0].offset, there[0].id, rest, moved)


def ids(held: list[Entry]) -> list[str]:
    """Return the ids of entries, with what they say of a lost branch."""
    return [one.id.decode() for one in held]


def test_nothing_is_known_before_the_log_has_been_read() -> None:
    log = KnownLog(10)
    assert log.top is None and not log.has(at(1)) and not log.is_another(at(1))


def test_the_tail_of_a_log_is_where_a_node_begins() -> None:
    log = KnownLog(10)
    log.take_tail(Slice(True, at(9), entries(5, 9), b"b1", 7), at(9))
    assert (log.top, log.branch, log.moved) == (at(9), b"b1", 7)
    assert log.ring is not None and log.ring.base == at(5)


def test_a_page_says_which_branch_the_log_is_in() -> None:
    log = known(0, 3)
    log.take_page(Slice(True, at(5), entries(4, 5), b"b1", 4))
    assert (log.top, log.branch, log.moved) == (at(3), b"b1", 4)
    log.take_page(Slice(True, at(5), [], b"b1", 2))
    assert log.moved == 4


def test_the_beginning_of_a_log_takes_the_epoch_of_the_first_page() -> None:
    log = KnownLog(10)
    log.begin(START)
    log.take_page(Slice(True, at(2), entries(1, 2), EPOCH))
    assert log.top == START._replace(epoch=EPOCH)


def test_an_own_entry_belongs_to_the_branch_that_its_log_is_in() -> None:
    log = known(0, 3)
    assert log.branch_of(EPOCH) == EPOCH
    log.name_branch(b"b1")
    assert log.branch_of(EPOCH) == b"b1" and log.branch_of(b"k2") == b"k2"


def test_after_a_common_entry_the_rest_of_the_new_branch_is_new() -> None:
    log = known(0, 5)
    switch = log.switch(found([*entries(1, 3), entry(4, "y4")], 3), 0)
    assert (switch.before, ids(switch.entries), switch.gap) == (at(5), ["y4"], False)
    assert (log.top, log.branch) == (at(4, "y4"), b"b1")
    assert log.ring is not None and log.ring.base == at(0)


def test_entries_put_back_elsewhere_are_not_new_but_mark_those_before_them() -> None:
    log = known(0, 5)
    back = entry(5, "x4", original="k1-4 4"), entry(6, "x5", original="k1-5 4")
    switch = log.switch(found([*entries(1, 3), entry(4, "y4"), *back], 3), 0)
    assert ids(switch.entries) == ["y4-4z5zk1"] and log.moved == 6


def test_without_a_common_entry_or_a_fork_readers_are_told_of_a_gap() -> None:
    log = known(7, 9)
    switch = log.switch(found([entry(1, "y1")]), 0)
    assert (switch.before, ids(switch.entries), switch.gap) == (at(9), ["y1"], True)


def test_from_the_fork_on_everything_is_new_and_no_gap() -> None:
    log = known(7, 9)
    switch = log.switch(found([entry(n, f"y{n}") for n in range(6, 9)]), 7)
    assert ids(switch.entries) == ["y7", "y8"] and not switch.gap


def test_an_entry_tells_where_its_branch_parted_from_the_log() -> None:
    log = known(7, 9)
    there = [entry(n, f"y{n}") for n in range(6, 9)] + [entry(9, "x9", original="k1-9 8")]
    switch = log.switch(found(there), 0)
    assert ids(switch.entries) == ["y8-8z9zk1"] and not switch.gap


def test_entries_of_before_the_ring_are_new_when_they_are_put_back() -> None:
    log = known(20, 24, most=4)
    # Other entries may have been at their offsets when this node began to follow the log.
    log.take_page(Slice(True, at(24), [], b"b0"))
    back = [entry(25, "x19", original="k1-19 5"), entry(26, "x30", original="k1-30 5")]
    assert ids(log.unseen_of(back)) == ["x19", "x30"] and log.moved == 26


def test_a_position_is_ambiguous_where_another_branch_may_have_had_it() -> None:
    log = known(0, 6)
    log.name_branch(b"b1")
    assert not log.is_ambiguous(at(3), UNKNOWN), "nothing was ever put back"
    log.note_moved(5)
    assert not log.is_ambiguous(at(3), UNKNOWN), "the entry there is the only one of its id"
    assert log.ring is not None
    log.ring.replace_after(3, [entry(4, original="k1-4 4"), *entries(5, 6)], at(6))
    assert log.is_ambiguous(at(4), UNKNOWN) and log.is_ambiguous(at(4), EPOCH)
    assert not log.is_ambiguous(at(4), b"b1") and not log.is_ambiguous(at(4), CURRENT)
    assert not log.is_ambiguous(at(6), UNKNOWN), "nothing was put back after it"


def test_a_position_before_the_ring_may_always_be_ambiguous() -> None:
    log = known(4, 6)
    log.name_branch(b"b1")
    log.note_moved(5)
    assert log.is_ambiguous(at(2), UNKNOWN) and not log.is_ambiguous(at(0), UNKNOWN)


def test_a_log_has_the_positions_in_its_ring_and_all_before_it() -> None:
    log = known(3, 6)
    assert log.has(at(1)) and log.has(at(3)) and log.has(at(6))
    assert not log.has(at(5, "y5")) and not log.has(at(7)) and not log.has(at(5, epoch=b"k2"))


def test_of_another_branch_a_log_has_only_the_positions_in_its_ring() -> None:
    log = known(3, 6)
    log.name_branch(b"b1")
    assert log.has(at(1), b"b1") and log.has(at(1), CURRENT)
    assert log.has(at(5), EPOCH) and not log.has(at(1), EPOCH)


def test_a_log_of_another_epoch_is_another_one_unless_nothing_is_known() -> None:
    assert known(3, 6).is_another(at(1, epoch=b"k2")) and not known(3, 6).is_another(at(1))
    assert not known(0, 0).is_another(at(1, epoch=b"k2"))


def test_a_node_remembers_a_part_of_what_a_log_keeps() -> None:
    assert KnownLog(10).forgotten == known(0, 30, most=10).forgotten == known(0, 2).forgotten == 0
    assert known(15, 20).forgotten == 0.875, "it began to follow the log late"
    assert known(15, 20, most=10).forgotten == 0.75, "the log has trimmed ten of them"
