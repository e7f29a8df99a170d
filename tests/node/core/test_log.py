"""The ring of newest entries, and how a reader goes on in a log that is not the one it knew."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from node.core.log import Ring, loss, onward, recall
from node.core.ports import START, Entry, Position, Slice
from tests.node.core.fakes import EPOCH, at, entries, entry, slice_


def ids(found: Iterable[Entry]) -> list[str]:
    """Return the ids of entries."""
    return [held.name.decode() for held in found]


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


def test_on_the_same_log_a_reader_gets_what_follows() -> None:
    result = onward(at(3), slice_(entries(4, 5)))
    assert ids(result.entries) == ["x4", "x5"] and not result.gap


def test_a_log_that_does_not_exist_has_nothing_for_a_reader() -> None:
    assert onward(at(3), Slice(False, None, [])) == ([], False)


def test_from_the_beginning_only_a_trimmed_log_has_a_gap() -> None:
    assert onward(START, slice_(entries(1, 2), on=False)).gap is False
    assert onward(START, slice_(entries(2, 3), on=False)).gap is True
    assert onward(START, slice_([], on=False, top=at(0))) == ([], False)


def test_a_reader_is_told_when_the_place_where_the_logs_part_was_trimmed() -> None:
    found = [entry(7, "y7"), entry(8, "x5", home="k1-5 5")]
    assert onward(at(5), slice_(found, on=False)).gap
    found = [entry(5, "y5"), entry(6, "y6"), entry(7, "x5", home="k1-5 5")]
    assert not onward(at(5), slice_(found, on=False)).gap


def test_who_is_at_an_entry_that_was_appended_anew_gets_nothing_again_and_misses_nothing() -> None:
    """A repeated call appended x5 before x4 was put back, and once after another one's y4."""
    found = [*entries(1, 3), entry(4, "x5"), entry(5, "x4", home="k1-4 4"), entry(6, "y6")]
    assert ids(onward(at(5), slice_(found, on=False)).entries) == ["y6"]
    found = [*entries(1, 3), entry(4, "y4"), entry(5, "x4"), entry(6, "y6")]
    assert ids(onward(at(4), slice_(found, on=False)).entries) == ["y4", "y6"]
    found = [entry(1, "y1"), entry(2, "x4"), entry(3, "y3")]
    result = onward(at(4), Slice(False, Position(b"k2", 3, b"y3"), found))
    assert ids(result.entries) == ["y1", "y3"] and not result.gap


def test_a_ring_recalls_the_old_places_of_what_was_appended_anew() -> None:
    found = [*entries(1, 3), entry(4, "y4"), entry(5, "x4"), entry(6, "x5", home="k1-5 4")]
    recall(ring(2, 5), slice_(found, on=False))
    assert [(held.home, held.fork) for held in found[3:]] == [(None, 0), (b"k1-4", 4), (b"k1-5", 4)]
    assert ids(onward(at(5), slice_(found, on=False)).entries) == ["y4"]
    found = [entry(1, "y1"), entry(2, "x4")]
    recall(ring(2, 5), Slice(False, Position(b"k2", 2, b"x4"), found))
    assert [(held.home, held.fork) for held in found] == [(None, 0), (b"k1-4", 1)]


def test_entries_that_came_home_from_another_epoch_were_not_seen() -> None:
    found = [
        entry(1, "z1", home="k0-1 1"),
        entry(2, "x5", home="k1-5 1"),
        entry(3, "x6", home="k1-6 1"),
    ]
    result = onward(at(5), Slice(False, Position(b"k2", 3, b"x6"), found))
    assert ids(result.entries) == ["z1", "x6"] and not result.gap


def test_nothing_is_lost_while_the_log_has_all_that_is_remembered() -> None:
    assert loss(ring(3, 6), slice_(entries(1, 9), on=False)) is None


def test_what_was_trimmed_is_not_lost() -> None:
    assert loss(ring(3, 6), slice_(entries(50, 60), on=False)) is None
    assert loss(ring(3, 6), slice_(entries(6, 60), on=False)) is None


def test_lost_is_what_comes_after_the_last_entry_both_have() -> None:
    lost = loss(ring(0, 6), slice_(entries(1, 4), on=False))
    assert lost is not None and lost.base == at(4) and ids(lost.entries) == ["x5", "x6"]


def test_when_more_is_lost_than_is_remembered_it_goes_behind_what_there_is() -> None:
    lost = loss(ring(10, 12), slice_(entries(1, 4), on=False))
    assert lost is not None and lost.base == at(4) and ids(lost.entries) == ["x11", "x12"]


def test_what_another_node_has_put_back_already_is_not_lost() -> None:
    found = [*entries(1, 2), entry(3, "y3"), entry(4, "x3", home="k1-3 3")]
    lost = loss(ring(0, 4), slice_(found, on=False))
    assert lost is not None and lost.base == at(2) and ids(lost.entries) == ["x4"]


def test_a_forgotten_log_lost_everything() -> None:
    lost = loss(ring(3, 5), Slice(False, None, []))
    assert lost is not None and lost.base == at(3) and ids(lost.entries) == ["x4", "x5"]


def test_of_a_log_of_another_epoch_everything_else_is_lost() -> None:
    found = [entry(1, "y1"), entry(2, "x4", home="k1-4 1")]
    lost = loss(ring(3, 5), Slice(False, Position(b"k2", 2, b"x4"), found))
    assert lost is not None and lost.base == Position(EPOCH, 0, b"0")
    assert ids(lost.entries) == ["x5"]
