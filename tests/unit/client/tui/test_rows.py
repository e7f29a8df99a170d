"""Rows become lines: aligned, marked, harmless."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.text.theme import Theme, nick_colour
from client.text.width import columns
from client.tui.rows import NARROW, NICK_COLUMNS, Kind, Line, Mark, Painter, Row
from tests.support.hostile import assert_harmless, hostile

NOON, DAY = 43_200_000, 86_400_000
LOOK = Theme(zone=UTC)
LATE: dict[str, Any] = {"position": "p1", "newest_at": NOON + 60_000}
GUTTER = len("12:00 ") + NICK_COLUMNS + 1


def said(text: str, nick: str = "bo", at: int = NOON, **how: object) -> Row:
    """Something said at noon."""
    return Row(Kind.MESSAGE, text, nick, at, **how)  # type: ignore[arg-type]


def plain(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for _, text in line)


def painted(
    row: Row, width: int = 60, before: Row | None = None, unread: bool = False
) -> list[str]:
    """Return the lines of a row that follows one of the same day, unless ``before`` says else."""
    lines = Painter(LOOK, width).lines(row, before or said("before"), unread)
    return [plain(line) for line in lines]


def styles(row: Row, word: str = "") -> dict[str, str]:
    """Return the pieces of a row, and their styles."""
    lines = Painter(LOOK, 60, word).lines(row, said("before"), False)
    return {text.strip(): style for line in lines for style, text in line}


def test_a_message_is_time_nick_and_text() -> None:
    assert painted(said("hi")) == ["12:00           bo \u2502 hi"]


def test_a_row_for_several_has_the_times_of_the_first_and_the_last() -> None:
    row = Row(Kind.NOTICE, "ana and bo left", at=NOON, since=NOON - 300_000)
    assert painted(row) == ["11:55\u201312:00 \u00b7 ana and bo left"]
    assert painted(row, width=23) == ["11:55\u201312:00 \u00b7 ana and", " " * 14 + "bo left"]
    row.since = NOON
    assert painted(row) == ["12:00 \u00b7 ana and bo left"]


def test_further_lines_stand_below_the_text() -> None:
    first, *others = painted(said("one two three\nfour", "x" * 3), width=28)
    assert others == [" " * 14 + " \u2502 three", " " * 14 + " \u2502 four"]
    assert first == "12:00      xxx \u2502 one two"


@pytest.mark.parametrize(
    "nick", ["bo", "\u4f60\u597d", "\u0645\u0631\u062d\u0628\u0627", "e\u0301va", "n" * 64]
)
def test_the_texts_of_all_nicks_begin_in_one_column(nick: str) -> None:
    (line,) = painted(said("hi", nick))
    assert columns(line[: line.index("\u2502")]) == GUTTER


def test_a_narrow_screen_has_less_room_for_nicks() -> None:
    (wide,), (narrow,) = painted(said("hi"), NARROW), painted(said("hi"), NARROW - 1)
    assert wide.index("\u2502") - narrow.index("\u2502") == 4


def test_where_the_day_changes_there_is_a_line() -> None:
    rule, line = painted(said("hi", at=NOON + DAY))
    assert rule.startswith("\u2500\u2500 Friday, 2 January 1970 \u2500") and len(rule) == 60
    assert line.endswith("hi")
    assert len(Painter(LOOK, 60).lines(said("hi"), None, False)) == 2


def test_a_row_that_is_older_than_those_above_it_is_marked() -> None:
    late = said("hi", **LATE)
    assert "12:00           bo \u2191 hi" in painted(late)[0]
    notice = Row(Kind.NOTICE, "bo entered", at=NOON, **LATE)
    assert painted(notice) == ["12:00 \u2191 bo entered"]
    failed = said("hi", mine=True, mark=Mark.FAILED, **LATE)
    assert "bo \u2717 hi" in painted(failed)[0]


def test_an_older_day_gets_no_line_below_a_later_one() -> None:
    late = said("hi", at=NOON - DAY, **LATE)
    assert len(Painter(LOOK, 60).lines(late, said("hi"), False)) == 1


def test_unread_rows_have_a_line_above() -> None:
    rule, _ = painted(said("hi"), unread=True)
    assert rule.startswith("\u2500\u2500 new \u2500")


def test_our_own_message_is_marked_until_it_is_acknowledged() -> None:
    row = said("hi", mine=True, mark=Mark.PENDING)
    assert "bo \u2026 hi" in painted(row)[0] and styles(row)["hi"] == "class:pending"
    row.mark = Mark.NONE
    assert "bo \u2502 hi" in painted(row)[0] and styles(row)["hi"] == ""


def test_a_failure_is_shown_with_its_reason_and_the_remedy() -> None:
    row = said("hi", mine=True, mark=Mark.FAILED, why="Nobody is called bo.")
    first, why = painted(row, 80)
    assert "bo \u2717 hi" in first
    assert why.endswith("Not delivered: Nobody is called bo. /retry sends it again.")


def test_nicks_are_coloured_and_ones_own_is_bold_as_well() -> None:
    assert styles(said("hi"))["bo"] == f"fg:{nick_colour('bo')}"
    assert styles(said("hi", mine=True))["bo"] == f"fg:{nick_colour('bo')} bold"


def test_an_action_is_a_star_the_nick_and_what_they_do() -> None:
    (line,) = painted(Row(Kind.ACTION, "waves", "bo", NOON))
    assert line.split() == ["12:00", "\u2502", "*", "bo", "waves"]
    assert columns(line[: line.index("\u2502")]) == GUTTER
    (mine,) = painted(Row(Kind.ACTION, "waves", "a\u202eb", NOON, mark=Mark.PENDING))
    assert mine.endswith("\u2026 * a\\u202eb waves")


def test_actions_are_italic_and_mentions_stand_out() -> None:
    assert styles(Row(Kind.ACTION, "waves", "bo", NOON))["* bo waves"] == "italic"
    assert styles(said("ana!", mention=True))["ana!"] == "class:mention"


def test_notices_and_errors_look_different() -> None:
    assert painted(Row(Kind.NOTICE, "bo entered", at=NOON)) == ["12:00 \u00b7 bo entered"]
    assert painted(Row(Kind.ERROR, "No.", at=NOON)) == ["12:00 ! No."]
    assert styles(Row(Kind.NOTICE, "psst", at=NOON, mention=True))["psst"] == "class:mention"


def test_wrapped_lines_of_a_notice_are_indented_if_there_is_space() -> None:
    listed = Row(Kind.NOTICE, "/join ROOM  be in a room that there is\n/quit  leave", at=NOON)
    assert painted(listed, width=30) == [
        "12:00 \u00b7 /join ROOM  be in a",
        " " * 8 + "  room that there is",
        " " * 8 + "/quit  leave",
    ]
    assert painted(listed, width=20)[1].startswith(" " * 8 + "be")


def test_the_word_that_is_looked_for_is_shown() -> None:
    found = styles(said("one Two three"), "two")
    assert (found["one"], found["Two"], found["three"]) == ("", "reverse", "")
    # Where folding changes the length nothing is marked, and nothing is lost.
    assert styles(said("stra\u00dfe two"), "two")["stra\u00dfe two"] == ""


def test_a_link_is_shown_whole() -> None:
    link = "https://example.org/" + "a" * 60 + "?x=1#end"
    lines = painted(said(link), 50)
    assert "".join(line.split("\u2502 ")[1] for line in lines) == link


rows = st.builds(
    Row,
    kind=st.sampled_from(Kind),
    text=hostile,
    nick=hostile,
    at=st.none() | st.integers(-(2**53), 2**53),
    mark=st.sampled_from(Mark),
    mine=st.booleans(),
    mention=st.booleans(),
    why=hostile,
)


@given(rows, st.integers(20, 60), hostile, st.booleans())
def test_whatever_a_row_holds_its_lines_are_harmless_and_not_too_wide(
    row: Row, width: int, word: str, unread: bool
) -> None:
    for line in Painter(LOOK, width, word).lines(row, None, unread):
        assert_harmless(plain(line))
        assert columns(plain(line)) <= width


@given(hostile, hostile)
def test_a_text_cannot_pass_for_another_message(text: str, nick: str) -> None:
    _, first, *others = painted(said(text, nick), before=said("", at=NOON - DAY))
    assert first.startswith("12:00 ")
    assert all(line.startswith(" " * (GUTTER - 1) + " \u2502 ") for line in others)


def test_a_tab_leads_to_the_next_of_stops_that_are_four_columns_apart() -> None:
    row = Row(Kind.MESSAGE, "\tif a:\tb", "bo", 0)
    (line,) = Painter(Theme(), 80).lines(row, row, False)
    assert "".join(text for _, text in line).endswith("\u2502     if a:   b")
