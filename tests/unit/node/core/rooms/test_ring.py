"""The ring of the newest entries of a log."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from node.core.entries import START, Entry
from node.core.rooms.ring import Ring
from tests.unit.node.core.fakes import at, entries, entry


def ids(found: Iterable[Entry]) -> list[str]:
    """Return the ids of entries."""
    return [held.id.decode() for held in found]


def ring(base: int, last: int) -> Ring:
    """Return a ring of the entries after ``base``."""
    ring = Ring(at(base), 1000)
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


def test_the_top_of_a_ring_is_its_newest_entry_or_else_its_base() -> None:
    held = Ring(at(3), 4)
    assert held.top == at(3)
    held.extend([])
    assert held.top == at(3)
    held.extend(entries(4, 12))
    assert held.top == at(12)
    held.shed(len(held.entries))
    assert held.top == held.base == at(12)


def test_the_entries_after_an_offset_are_replaced() -> None:
    held = ring(3, 9)
    held.replace_after(6, [entry(7, "y7")], at(7, "y7"))
    assert ids(held.entries) == ["x4", "x5", "x6", "y7"] and held.top == at(7, "y7")
    assert held.bytes == sum(len(one.body) for one in held.entries)
    held.replace_after(1, [], at(3))
    assert held.entries == [] and held.bytes == 0 and held.base == held.top == at(3)


def test_a_ring_of_a_whole_log_begins_before_its_first_entry() -> None:
    held = Ring.ending_at(at(3), entries(1, 3), 10)
    assert (held.base, held.top) == (at(0), at(3)) and ids(held.entries) == ["x1", "x2", "x3"]


def test_a_ring_of_a_trimmed_log_begins_at_its_oldest_entry() -> None:
    held = Ring.ending_at(at(7), entries(5, 7), 10)
    assert (held.base, held.top) == (at(5), at(7)) and ids(held.entries) == ["x6", "x7"]


def test_a_ring_of_a_log_without_entries_begins_and_ends_at_its_top() -> None:
    held = Ring.ending_at(at(7), [], 10)
    assert held.base == held.top == at(7) and held.entries == []


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
