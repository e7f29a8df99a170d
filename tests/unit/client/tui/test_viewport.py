"""The part of a buffer that is seen, and that it stays where one left it."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.theme import Theme
from client.tui.buffers import Buffer
from client.tui.rows import Anchor, Kind, Mark, Row
from client.tui.viewport import Viewport

NOON, DAY = 43_200_000, 86_400_000
LOOK = Theme(zone=UTC)


def row(text: str, at: int = NOON) -> Row:
    """Something said."""
    return Row(Kind.MESSAGE, text, "bo", at, text)


def of(*texts: str) -> Buffer:
    """A buffer in which something was said."""
    buffer = Buffer("general")
    for text in texts:
        buffer.add(row(text))
    return buffer


def hundred() -> Buffer:
    """A buffer of a hundred rows."""
    return of(*map(str, range(100)))


def view(buffer: Buffer, height: int = 10, width: int = 60) -> Viewport:
    """A view of it."""
    return Viewport(buffer, LOOK, width, height)


def seen(buffer: Buffer, height: int = 10, width: int = 60) -> list[str]:
    """The texts that are seen, without what stands before them."""
    lines = ["".join(text for _, text in line) for line in view(buffer, height, width).lines()]
    return [line.split("\u2502 ")[-1] for line in lines]


def test_few_rows_stand_at_the_end() -> None:
    lines = seen(of("a", "b"), 4)
    assert (
        lines[0] == "" and lines[1].startswith("\u2500\u2500 Thursday") and lines[2:] == ["a", "b"]
    )


def test_the_last_of_many_rows_are_visible() -> None:
    assert seen(hundred()) == [str(number) for number in range(90, 100)]


def test_new_rows_do_not_move_a_scrolled_buffer() -> None:
    buffer = hundred()
    assert view(buffer).scroll_up(9) == 0
    before = seen(buffer)
    assert before == [str(number) for number in range(81, 91)]
    for number in range(100, 120):
        buffer.add(row(str(number)))
    assert seen(buffer) == before
    assert view(buffer).below() == 29


def test_scrolled_down_again_the_buffer_follows() -> None:
    buffer = hundred()
    view(buffer).scroll_up(20)
    view(buffer).scroll_down(10)
    assert seen(buffer)[-1] == "89" and buffer.anchor is not None
    view(buffer).scroll_down(10)
    assert seen(buffer)[-1] == "99" and buffer.anchor is None
    view(buffer).scroll_down(10)
    buffer.add(row("100"))
    assert seen(buffer)[-1] == "100" and view(buffer).below() == 0


def test_scrolling_past_the_start_returns_the_number_of_missing_lines() -> None:
    buffer = hundred()  # and the line of the day above them
    assert view(buffer).scroll_up(85) == 0
    assert view(buffer).scroll_up(9) == 3
    assert seen(buffer)[1] == "0"
    assert view(buffer).scroll_up(9) == 9
    assert view(of("a")).scroll_up(1) == 1


def test_a_row_that_is_not_seen_whole_is_below_too() -> None:
    buffer = of("word " * 200)
    view(buffer).scroll_up(1)
    assert view(buffer).below() == 1


def test_older_rows_above_do_not_move_the_visible_lines() -> None:
    buffer = of("one two three four five six seven eight nine ten", *map(str, range(20)))
    view(buffer, 5, 30).scroll_up(100)
    before = seen(buffer, 5, 30)
    assert before[0].startswith("\u2500")
    buffer.put_before([row("older"), row("and older")], more=True)
    after = seen(buffer, 5, 30)
    assert after[1:] == before[1:] and after[0] == "and older"


@given(st.integers(20, 100), st.integers(1, 30), st.integers(0, 200))
def test_resizing_there_and_back_changes_nothing(width: int, height: int, lines: int) -> None:
    buffer = of(*(f"{number} " + "word " * (number % 30) for number in range(40)))
    view(buffer).scroll_up(lines)
    before = seen(buffer)
    seen(buffer, 10, width)
    if buffer.anchor is not None:
        anchor = buffer.anchor
        assert len(seen(buffer, height, 60)) == height
        buffer.scroll_to(anchor)
    assert seen(buffer) == before


@given(
    st.lists(st.sampled_from(["up", "down", "add", "old", "wide", "narrow", "drop"]), max_size=20)
)
def test_whatever_happens_the_screen_is_full(effects: list[str]) -> None:
    buffer, width = hundred(), 60
    for effect in effects:
        if effect == "up":
            view(buffer, 10, width).scroll_up(17)
        elif effect == "down":
            view(buffer, 10, width).scroll_down(8)
        elif effect == "add":
            buffer.add(row("more " * 30))
        elif effect == "old":
            buffer.put_before([row("old " * 30, NOON - DAY)], more=True)
        elif effect == "drop":
            buffer._drop(4)
        else:
            width = {"wide": 90, "narrow": 25}[effect]
        lines = view(buffer, 10, width).lines()
        assert len(lines) == 10 and all(lines)


def test_an_anchor_that_is_gone_is_given_up() -> None:
    buffer = hundred()
    buffer.scroll_to(Anchor(row("elsewhere")))
    assert seen(buffer)[-1] == "99" and buffer.anchor is None


def test_an_anchor_with_too_few_lines_above_it_moves_down() -> None:
    buffer = hundred()
    buffer.scroll_to(Anchor(buffer.rows[0]))
    assert seen(buffer)[1:] == [str(number) for number in range(9)]
    assert view(buffer).below() == 91


def test_pending_messages_are_below_all_rows() -> None:
    buffer = hundred()
    buffer.pending["1"] = Row(Kind.MESSAGE, "mine", "ana", NOON, mark=Mark.PENDING, mine=True)
    assert seen(buffer)[-2:] == ["99", "12:00          ana \u2026 mine"]


def test_unread_rows_are_marked_once() -> None:
    buffer = of("a", "b")
    buffer.unread_after = buffer.rows[0]
    lines = seen(buffer, 4)
    assert lines[1] == "a" and lines[2].startswith("\u2500\u2500 new") and lines[3] == "b"


@pytest.mark.parametrize("width, height", [(0, 0), (1, 1), (-3, -3)])
def test_hardly_any_space_is_no_trouble(width: int, height: int) -> None:
    buffer = hundred()
    assert len(view(buffer, height, width).lines()) == 1
    view(buffer, height, width).scroll_up(1)
    view(buffer, height, width).scroll_down(1)
