"""What a log lacks of the entries that a node knows."""

from collections.abc import Iterable, Sequence

from node.core.entries import Entry, Position
from node.core.rooms.merge import HEALED, Found, first_part, lost
from node.core.rooms.ring import Ring
from tests.unit.node.core.fakes import EPOCH, at, entries, entry


def ids(found: Iterable[Entry]) -> list[str]:
    """Return the ids of entries."""
    return [held.id.decode() for held in found]


def ring(base: int, last: int) -> Ring:
    """Return a ring of the entries after ``base``."""
    ring = Ring(at(base), 1000)
    ring.extend(entries(base + 1, last))
    return ring


def found(there: Sequence[Entry], common: int | None = None, epoch: bytes = EPOCH) -> Found:
    """Return what is read of a log that has these entries, after a common one."""
    top = Position(epoch, there[-1].offset, there[-1].id) if there else at(common or 0)
    shared = at(common) if common is not None else None
    rest = [held for held in there if common is None or held.offset > common]
    oldest = (there[0].offset, there[0].id) if there else (1, b"")
    return Found(top, epoch, shared, *oldest, rest)


def test_nothing_is_lost_while_the_log_has_all_that_is_remembered() -> None:
    assert lost(ring(3, 6), EPOCH, found(entries(1, 9), 6)) is None


def test_trimmed_entries_are_not_lost() -> None:
    assert lost(ring(3, 6), EPOCH, found(entries(50, 60))) is None
    assert lost(ring(3, 6), EPOCH, found(entries(6, 60), 6)) is None


def test_the_entries_after_the_newest_common_one_are_lost() -> None:
    missing = lost(ring(0, 6), EPOCH, found(entries(1, 4), 4))
    assert missing is not None and missing.base == at(4) and ids(missing.entries) == ["x5", "x6"]
    assert missing.read == at(4)


def test_own_entries_whose_frames_have_not_come_may_be_lost_too() -> None:
    missing = lost(ring(0, 5), EPOCH, found(entries(1, 4), 4), entries(5, 7))
    assert missing is not None and ids(missing.entries) == ["x5", "x6", "x7"]


def entry_at(offset: int, at: int, id: str = "") -> Entry:
    """Return an entry that was appended at a time, in milliseconds."""
    made = entry(offset, id)
    made.at = b"%d" % at
    return made


def test_an_entry_that_this_node_missed_is_common_to_both_branches_if_it_is_older() -> None:
    """The node has entry 5 and entry 7, which it appended itself; 6 is back where it was."""
    there = [entry_at(6, 60), entry_at(7, 99, "y7"), entry_at(8, 60, "y8")]
    missing = lost(ring(4, 5), EPOCH, found([*entries(1, 5), *there], 5), [entry_at(7, 70)])
    assert missing is not None and missing.base == at(6) and ids(missing.entries) == ["x7"]


def test_that_holds_between_two_own_entries_too() -> None:
    there = [entry_at(6, 60), entry_at(7, 70), entry_at(8, 80), entry_at(9, 99, "y9")]
    own = [entry_at(7, 70), entry_at(9, 90)]
    missing = lost(ring(4, 5), EPOCH, found([*entries(1, 5), *there], 5), own)
    assert missing is not None and missing.base == at(8) and ids(missing.entries) == ["x9"]


def test_an_entry_appended_after_what_is_lost_is_of_the_new_branch_alone() -> None:
    there = [entry_at(6, 99, "y6")]
    missing = lost(ring(4, 5), EPOCH, found([*entries(1, 5), *there], 5), [entry_at(7, 70)])
    assert missing is not None and missing.base == at(5) and ids(missing.entries) == ["x7"]


def test_an_older_entry_in_the_place_of_a_lost_one_is_of_the_new_branch_alone() -> None:
    there = [entry_at(6, 60), entry_at(7, 65, "y7")]
    missing = lost(ring(4, 5), EPOCH, found([*entries(1, 5), *there], 5), [entry_at(7, 70)])
    assert missing is not None and missing.base == at(6) and ids(missing.entries) == ["x7"]


def test_if_the_fork_is_unknown_lost_entries_go_behind_all_others() -> None:
    missing = lost(ring(10, 12), EPOCH, found(entries(1, 4)))
    assert missing is not None and missing.base == at(4)
    assert ids(missing.entries) == ["x11", "x12"]


def test_when_the_logs_parted_before_what_is_remembered_the_fork_tells_where() -> None:
    there = [*entries(1, 3), *[entry(offset, f"y{offset}") for offset in range(4, 20)]]
    missing = lost(ring(10, 12), EPOCH, found(there), fork=4)
    assert missing is not None and (missing.base.offset, missing.base.id) == (3, b"")


def test_entries_that_another_node_has_put_back_are_not_lost() -> None:
    there = [*entries(1, 2), entry(3, "y3"), entry(4, "x3", original="k1-3 3")]
    missing = lost(ring(0, 4), EPOCH, found(there, 2))
    assert missing is not None and missing.base == at(2) and ids(missing.entries) == ["x4"]


def test_an_entry_that_a_repeated_call_appended_elsewhere_gets_its_original_position() -> None:
    there = [*entries(1, 2), entry(3, "x4"), entry(4, "x3", original="k1-3 3")]
    missing = lost(ring(0, 4), EPOCH, found(there, 2))
    assert missing is not None and ids(missing.entries) == ["x4"] and missing.there[b"x4"] == 3


def test_entries_known_to_have_been_trimmed_are_not_lost() -> None:
    there = entries(50, 60)
    assert lost(ring(3, 6), EPOCH, found(there), trimmed=[b"x4", b"x5", b"x6"]) is None


def test_in_a_log_of_another_epoch_everything_else_is_lost() -> None:
    there = [entry(1, "y1"), entry(2, "x4", original="k1-4 1")]
    missing = lost(ring(3, 5), EPOCH, found(there, epoch=b"k2"))
    assert missing is not None and missing.base == Position(EPOCH, 0, b"0")
    assert ids(missing.entries) == ["x5"]


def test_an_entry_that_a_repeated_call_appended_to_another_log_gets_its_original_position() -> None:
    there = [entry(1, "x1"), entry(2, "x2", original="k1-2 1")]
    missing = lost(ring(0, 2), EPOCH, found(there, epoch=b"k2"))
    assert missing is not None and ids(missing.entries) == ["x1"] and missing.there[b"x1"] == 1


def test_as_much_is_put_back_at_a_time_as_one_call_takes() -> None:
    assert len(first_part(entries(1, 900))) == HEALED
    large = [entry(offset, text="x" * 100_000) for offset in range(1, 9)]
    assert len(first_part(large)) == 3
