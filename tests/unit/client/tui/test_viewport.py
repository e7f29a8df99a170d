"""The part of a window that is seen, and that it stays where one left it."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.theme import Theme
from client.tui.buffers import Anchor, Buffer
from client.tui.rows import Kind, Mark, Row
from client.tui.viewport import Viewport

NOON, DAY = 43_200_000, 86_400_000
LOOK = Theme(zone=UTC)


def row(text: str, at: int = NOON) -> Row:
    """Something said."""
    return Row(Kind.SAID, text, "bo", at, text)


def of(*texts: str) -> Buffer:
    """A window in which something was said."""
    window = Buffer("general")
    for text in texts:
        window.add(row(text))
    return window


def hundred() -> Buffer:
    """A window of a hundred rows."""
    return of(*map(str, range(100)))


def view(window: Buffer, height: int = 10, width: int = 60) -> Viewport:
    """A view of it."""
    return Viewport(window, LOOK, width, height)


def seen(window: Buffer, height: int = 10, width: int = 60) -> list[str]:
    """The texts that are seen, without what stands before them."""
    lines = ["".join(text for _, text in line) for line in view(window, height, width).lines()]
    return [line.split("\u2502 ")[-1] for line in lines]


def test_few_rows_stand_at_the_end() -> None:
    lines = seen(of("a", "b"), 4)
    assert (
        lines[0] == "" and lines[1].startswith("\u2500\u2500 Thursday") and lines[2:] == ["a", "b"]
    )


def test_of_many_rows_the_last_ones_are_seen() -> None:
    assert seen(hundred()) == [str(number) for number in range(90, 100)]


def test_scrolled_up_one_sees_older_ones_and_what_arrives_does_not_move_them() -> None:
    window = hundred()
    assert view(window).scroll_up(9) == 0
    before = seen(window)
    assert before == [str(number) for number in range(81, 91)]
    for number in range(100, 120):
        window.add(row(str(number)))
    assert seen(window) == before
    assert view(window).below() == 29


def test_scrolled_down_again_the_window_follows() -> None:
    window = hundred()
    view(window).scroll_up(20)
    view(window).scroll_down(10)
    assert seen(window)[-1] == "89" and window.anchor is not None
    view(window).scroll_down(10)
    assert seen(window)[-1] == "99" and window.anchor is None
    view(window).scroll_down(10)
    window.add(row("100"))
    assert seen(window)[-1] == "100" and view(window).below() == 0


def test_at_the_beginning_one_is_told_how_many_lines_are_missing() -> None:
    window = hundred()  # and the line of the day above them
    assert view(window).scroll_up(85) == 0
    assert view(window).scroll_up(9) == 3
    assert seen(window)[1] == "0"
    assert view(window).scroll_up(9) == 9
    assert view(of("a")).scroll_up(1) == 1


def test_a_row_that_is_not_seen_whole_is_below_too() -> None:
    window = of("word " * 200)
    view(window).scroll_up(1)
    assert view(window).below() == 1


def test_older_rows_put_above_do_not_move_what_is_seen() -> None:
    window = of("one two three four five six seven eight nine ten", *map(str, range(20)))
    view(window, 5, 30).scroll_up(100)
    before = seen(window, 5, 30)
    assert before[0].startswith("\u2500")
    window.put_before([row("older"), row("and older")], more=True)
    after = seen(window, 5, 30)
    assert after[1:] == before[1:] and after[0] == "and older"


@given(st.integers(20, 100), st.integers(1, 30), st.integers(0, 200))
def test_resizing_there_and_back_changes_nothing(width: int, height: int, lines: int) -> None:
    window = of(*(f"{number} " + "word " * (number % 30) for number in range(40)))
    view(window).scroll_up(lines)
    before = seen(window)
    seen(window, 10, width)
    if window.anchor is not None:
        anchor = window.anchor
        assert len(seen(window, height, 60)) == height
        window.anchor = anchor
    assert seen(window) == before


@given(
    st.lists(st.sampled_from(["up", "down", "add", "old", "wide", "narrow", "drop"]), max_size=20)
)
def test_whatever_happens_the_screen_is_full(effects: list[str]) -> None:
    window, width = hundred(), 60
    for effect in effects:
        if effect == "up":
            view(window, 10, width).scroll_up(17)
        elif effect == "down":
            view(window, 10, width).scroll_down(8)
        elif effect == "add":
            window.add(row("more " * 30))
        elif effect == "old":
            window.put_before([row("old " * 30, NOON - DAY)], more=True)
        elif effect == "drop":
            window._drop(4)
        else:
            width = {"wide": 90, "narrow": 25}[effect]
        lines = view(window, 10, width).lines()
        assert len(lines) == 10 and all(lines)


def test_an_anchor_that_is_gone_is_given_up() -> None:
    window = hundred()
    window.anchor = Anchor(row("elsewhere"))
    assert seen(window)[-1] == "99" and window.anchor is None


def test_an_anchor_with_too_few_lines_above_it_moves_down() -> None:
    window = hundred()
    window.anchor = Anchor(window.rows[0])
    assert seen(window)[1:] == [str(number) for number in range(9)]
    assert view(window).below() == 91


def test_what_is_on_its_way_is_seen_below_all_else() -> None:
    window = hundred()
    window.pending["1"] = Row(Kind.SAID, "mine", "ana", NOON, mark=Mark.PENDING, mine=True)
    assert seen(window)[-2:] == ["99", "12:00          ana \u2026 mine"]


def test_where_one_stopped_reading_is_marked_once() -> None:
    window = of("a", "b")
    window.unread_after = window.rows[0]
    lines = seen(window, 4)
    assert lines[1] == "a" and lines[2].startswith("\u2500\u2500 new") and lines[3] == "b"


@pytest.mark.parametrize("width, height", [(0, 0), (1, 1), (-3, -3)])
def test_hardly_any_space_is_no_trouble(width: int, height: int) -> None:
    window = hundred()
    assert len(view(window, height, width).lines()) == 1
    view(window, height, width).scroll_up(1)
    view(window, height, width).scroll_down(1)
