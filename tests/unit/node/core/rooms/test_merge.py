"""The ring of newest entries, and how a reader goes on in a log that is not the one it knew."""

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from node.core.entries import START, Cursor, Entry, Had, Position
from node.core.rooms.merge import HEALED, Found, Ring, first_part, lost, unseen
from tests.unit.node.core.fakes import EPOCH, at, entries, entry


def ids(found: Iterable[Entry]) -> list[str]:
    """Return the ids of entries."""
    return [held.id.decode() for held in found]


def ring(base: int, last: int, most: int = 1000, most_bytes: int = 1 << 20) -> Ring:
    """Return a ring of the entries after ``base``."""
    ring = Ring(at(base), most, most_bytes)
    ring.extend(entries(base + 1, last))
    return ring


@given(st.integers(4, 40), st.lists(st.integers(1, 30), max_size=30))
def test_a_ring_keeps_the_newest_and_at_most_a_quarter_more(most: int, sizes: list[int]) -> None:
    ring, last = Ring(at(0), most), 0
    for size in sizes:
        ring.extend(entries(last + 1, last + size))
        last += size
        kept = [held.offset for held in ring.entries]
        assert kept == list(range(ring.base.offset + 1, last + 1))
        assert min(last, most) <= len(kept) <= most * 5 / 4
        assert ring.bytes == sum(len(held.body) for held in ring.entries)
        assert ring.base == at(last - len(kept))


@given(st.lists(st.integers(1, 400), max_size=60))
def test_a_ring_is_bounded_in_bytes(sizes: list[int]) -> None:
    ring = Ring(at(0), 1000, 2000)
    for offset, size in enumerate(sizes, 1):
        ring.extend([entry(offset, text="b" * size)])
        assert ring.bytes <= 2000
        assert ring.bytes == sum(len(held.body) for held in ring.entries)
        assert ring.base.offset + len(ring.entries) == offset


def test_a_ring_may_be_emptied_by_one_entry_that_is_too_large() -> None:
    ring = Ring(at(0), 10, 100)
    ring.extend([entry(1, text="b" * 200)])
    assert ring.entries == [] and ring.base == at(1) and ring.bytes == 0


def test_a_cut_ring_forgets_what_comes_after() -> None:
    cut = ring(3, 9)
    cut.cut(6)
    assert ids(cut.entries) == ["x4", "x5", "x6"]
    assert cut.bytes == sum(len(held.body) for held in cut.entries)
    cut.cut(1)
    assert cut.entries == [] and cut.bytes == 0 and cut.base == at(3)


def test_a_ring_holds_the_positions_after_which_it_has_everything() -> None:
    held = ring(3, 6)
    assert [held.holds(at(offset)) for offset in range(2, 8)] == [False, *[True] * 4, False]
    assert not held.holds(at(5, "y5"))
    assert not held.holds(at(5, epoch=b"k2"))
    assert not held.holds(START)
    assert ids(held.after(at(4), 10)) == ["x5", "x6"] and ids(held.after(at(3), 1)) == ["x4"]
    assert ring(0, 2).holds(START) and ring(0, 2).holds(at(0, epoch=b"k2"))


def test_a_ring_has_the_entries_it_has_and_its_base() -> None:
    held = ring(3, 6)
    assert held.has(3, b"x3") and held.has(6, b"x6")
    assert not held.has(5, b"y5") and not held.has(2, b"x2") and not held.has(7, b"x7")


def found(there: Sequence[Entry], common: int | None = None, epoch: bytes = EPOCH) -> Found:
    """Return what is read of a log that has these entries, after a common one."""
    top = Position(epoch, there[-1].offset, there[-1].id) if there else at(common or 0)
    shared = at(common) if common is not None else None
    rest = [held for held in there if common is None or held.offset > common]
    oldest = (there[0].offset, there[0].id) if there else (1, b"")
    return Found(top, epoch, shared, *oldest, rest)


def test_nothing_is_lost_while_the_log_has_all_that_is_remembered() -> None:
    assert lost(ring(3, 6), EPOCH, found(entries(1, 9), 6)) is None


def test_what_was_trimmed_is_not_lost() -> None:
    assert lost(ring(3, 6), EPOCH, found(entries(50, 60))) is None
    assert lost(ring(3, 6), EPOCH, found(entries(6, 60), 6)) is None


def test_lost_is_what_comes_after_the_last_entry_both_have() -> None:
    missing = lost(ring(0, 6), EPOCH, found(entries(1, 4), 4))
    assert missing is not None and missing.base == at(4) and ids(missing.entries) == ["x5", "x6"]
    assert missing.read == at(4)


def test_what_this_node_appended_and_has_not_received_is_lost_too() -> None:
    missing = lost(ring(0, 5), EPOCH, found(entries(1, 4), 4), entries(5, 7))
    assert missing is not None and ids(missing.entries) == ["x5", "x6", "x7"]


def test_when_more_is_lost_than_is_remembered_it_goes_behind_what_there_is() -> None:
    missing = lost(ring(10, 12), EPOCH, found(entries(1, 4)))
    assert missing is not None and missing.base == at(4)
    assert ids(missing.entries) == ["x11", "x12"]


def test_when_the_logs_parted_before_what_is_remembered_the_fork_tells_where() -> None:
    there = [*entries(1, 3), *[entry(offset, f"y{offset}") for offset in range(4, 20)]]
    missing = lost(ring(10, 12), EPOCH, found(there), fork=4)
    assert missing is not None and (missing.base.offset, missing.base.id) == (3, b"")


def test_what_another_node_has_put_back_already_is_not_lost() -> None:
    there = [*entries(1, 2), entry(3, "y3"), entry(4, "x3", home="k1-3 3")]
    missing = lost(ring(0, 4), EPOCH, found(there, 2))
    assert missing is not None and missing.base == at(2) and ids(missing.entries) == ["x4"]


def test_what_a_repeated_call_appended_elsewhere_has_its_old_place_written_down() -> None:
    there = [*entries(1, 2), entry(3, "x4"), entry(4, "x3", home="k1-3 3")]
    missing = lost(ring(0, 4), EPOCH, found(there, 2))
    assert missing is not None and ids(missing.entries) == ["x4"] and missing.there[b"x4"] == 3


def test_what_is_known_to_have_been_put_back_and_trimmed_is_not_put_back_again() -> None:
    there = entries(50, 60)
    assert lost(ring(3, 6), EPOCH, found(there), kept=[b"x4", b"x5", b"x6"]) is None


def test_of_a_log_of_another_epoch_everything_else_is_lost() -> None:
    there = [entry(1, "y1"), entry(2, "x4", home="k1-4 1")]
    missing = lost(ring(3, 5), EPOCH, found(there, epoch=b"k2"))
    assert missing is not None and missing.base == Position(EPOCH, 0, b"0")
    assert ids(missing.entries) == ["x5"]


def test_what_a_repeated_call_appended_to_another_log_has_its_old_place_written_down() -> None:
    there = [entry(1, "x1"), entry(2, "x2", home="k1-2 1")]
    missing = lost(ring(0, 2), EPOCH, found(there, epoch=b"k2"))
    assert missing is not None and ids(missing.entries) == ["x1"] and missing.there[b"x1"] == 1


def test_as_much_is_put_back_at_a_time_as_one_call_takes() -> None:
    assert len(first_part(entries(1, 900))) == HEALED
    large = [entry(offset, text="x" * 100_000) for offset in range(1, 9)]
    assert len(first_part(large)) == 3


def test_a_reader_has_had_the_entries_of_a_branch_up_to_its_position() -> None:
    had = Had(EPOCH, 3, 5)
    assert had.holds(entry(9, home="k1-5 3")) and had.holds(entry(9, home="k1-3 3"))
    assert not had.holds(entry(9, home="k1-6 3"))
    # Another node, which knew less of the log, has put back one that was before our fork.
    assert had.holds(entry(9, home="k1-2 1"))
    assert not had.holds(entry(9, home="k0-4 1")) and not had.holds(entry(9))
    assert had.holds(entry(9, home="b2-7 3 k1-5 3"))


def test_a_cursor_is_read_as_it_is_told() -> None:
    told = entry(9, "x9").told_with(Had(b"k1", 3, 5))
    cursor = Cursor.parse(f"k1-{told.offset}-{told.id.decode()}")
    assert cursor == (at(9), Had(b"k1", 3, 5))
    assert Cursor.parse("k1-9-x9") == (at(9), None)
    # What nodes of before have told has an id there.
    assert Cursor.parse("k1-9-x9-x7") == (at(9), None)
    assert Cursor.parse("k1-9") is None


def test_what_the_ring_holds_and_what_was_had_before_is_not_new() -> None:
    there = [entry(5, "y5"), entry(6, "x2", home="k1-2 1"), entry(7, "x4", home="k1-4 1")]
    assert ids(unseen(ring(3, 6), Had(EPOCH, 1, 3), there)) == ["y5"]
