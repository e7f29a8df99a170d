"""Positions, and what a reader has seen of a branch that its log lost."""

from node.core.entries import Cursor, SeenBranch
from tests.unit.node.core.fakes import EPOCH, at, entry


def test_a_reader_has_seen_the_entries_of_a_branch_up_to_its_position() -> None:
    seen = SeenBranch(EPOCH, 3, 5)
    assert seen.includes(entry(9, original="k1-5 3")) and seen.includes(entry(9, original="k1-3 3"))
    assert not seen.includes(entry(9, original="k1-6 3"))
    # Another node, which knew less of the log, has put back one that was before our fork.
    assert seen.includes(entry(9, original="k1-2 1"))
    assert not seen.includes(entry(9, original="k0-4 1")) and not seen.includes(entry(9))
    assert seen.includes(entry(9, original="b2-7 3 k1-5 3"))


def test_a_cursor_is_read_as_it_is_sent() -> None:
    told = entry(9, "x9").sent_with(SeenBranch(b"k1", 3, 5))
    cursor = Cursor.parse(f"k1-{told.offset}-{told.id.decode()}")
    assert cursor == (at(9), SeenBranch(b"k1", 3, 5))
    assert Cursor.parse("k1-9-x9") == (at(9), None)
    # What nodes of before have told has an id there.
    assert Cursor.parse("k1-9-x9-x7") == (at(9), None)
    assert Cursor.parse("k1-9") is None
