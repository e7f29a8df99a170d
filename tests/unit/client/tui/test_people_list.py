"""The list of people beside the rows."""

from hypothesis import given
from hypothesis import strategies as st

from client.text.width import columns
from client.tui.buffers import Buffer
from client.tui.people_list import LIST_COLUMNS, people_lines, people_number
from tests.support.hostile import assert_harmless, hostile


def room(*nicks: str, quiet: bool = False) -> Buffer:
    """A room with these people."""
    buffer = Buffer("lab")
    buffer.people.joined(len(nicks), quiet)
    buffer.people.listed(nicks, is_first=True, more=False)
    return buffer


def texts(buffer: Buffer, height: int) -> list[str]:
    """The lines of the list."""
    return ["".join(text for _, text in line) for line in people_lines(buffer, height)]


def test_the_list_is_the_number_and_the_sorted_nicks() -> None:
    assert texts(room("bo", "Ana"), 20) == ["2 people", "Ana", "bo"]
    assert texts(room("ana"), 20) == ["1 person", "ana"]


def test_the_last_line_counts_those_who_do_not_fit() -> None:
    nicks = [f"n{number}" for number in range(9)]
    assert texts(room(*nicks), 5) == ["9 people", "n0", "n1", "n2", "and 6 others"]
    assert texts(room(*nicks[:4]), 5) == ["4 people", "n0", "n1", "n2", "n3"]


def test_the_number_in_a_quiet_room_is_about_right() -> None:
    assert people_number(room("ana", "bo", quiet=True)) == "~2 people"


def test_a_person_and_an_unknown_room_have_no_number() -> None:
    assert people_number(Buffer("@bo")) == people_number(Buffer("lab")) == ""


@given(st.lists(hostile, max_size=9), st.integers(1, 9))
def test_the_list_is_harmless_and_fits(nicks: list[str], height: int) -> None:
    lines = texts(room(*nicks), height)
    assert len(lines) <= height
    for line in lines:
        assert_harmless(line)
        assert columns(line) <= LIST_COLUMNS
