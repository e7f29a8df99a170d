"""The bars: which buffers there are, and how things stand."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from client.text.width import columns
from client.tui.bars import MENTION, STALLED, UNREAD, Status, hidden_mentions, room_bar, status
from client.tui.buffers import Buffers
from client.tui.rows import Line
from tests.support.hostile import assert_harmless, hostile

CALM = Status("ana", "node-1", None, True, 0.0123, 0, 0)


def plain(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for _, text in line)


def of(*names: str) -> Buffers:
    """Buffers of these names."""
    buffers = Buffers()
    for name in names:
        buffers.open(name)
    return buffers


def test_the_bar_shows_all_buffers_and_their_unread_rows() -> None:
    buffers = of("general", "lab", "@bo")
    buffers.open("lab").unread = 3
    buffers.open("@bo").unread = buffers.open("@bo").mentions = 1
    line = room_bar(buffers, 80)
    assert plain(line) == "  1:general  2:lab(3)  3:@bo(1!) "
    assert [style for style, _ in line] == ["", "class:bar.current", UNREAD, MENTION]


def test_without_a_buffer_the_bar_is_empty() -> None:
    assert plain(room_bar(Buffers(), 80)).strip() == ""


def test_a_full_bar_shows_the_buffers_around_the_current_one() -> None:
    buffers = of(*(f"room-{number}" for number in range(1, 21)))
    buffers.turn_to_number(10)
    line = plain(room_bar(buffers, 40))
    assert line == "\u2039 9:room-9  10:room-10  11:room-11 \u203a"


def test_an_arrow_has_the_style_of_unread_rows_beyond_it() -> None:
    buffers = of(*(f"room-{number}" for number in range(1, 21)))
    buffers.turn_to_number(10)
    assert room_bar(buffers, 40)[0][0] == room_bar(buffers, 40)[-1][0] == ""
    buffers.open("room-1").unread = buffers.open("room-20").unread = 1
    buffers.open("room-20").mentions = 1
    line = room_bar(buffers, 40)
    assert (line[0][0], line[-1][0]) == (UNREAD, MENTION)


def test_a_long_name_is_cut_before_the_number_of_unread_rows() -> None:
    buffers = of("x" * 64, "y" * 64)
    buffers.open("y" * 64).unread = 1234
    line = plain(room_bar(buffers, 40))
    assert "1:" in line and columns(line) <= 40


def test_the_status_shows_the_nick_the_node_and_the_latency() -> None:
    assert plain(status(CALM, 40)).rstrip() == " ana \u00b7 node-1 \u00b7 12 ms"
    assert plain(status(replace(CALM, latency=None), 40)).rstrip() == " ana \u00b7 node-1"


def test_the_status_shows_a_lost_connection() -> None:
    away = replace(CALM, away=3.2)
    assert "reconnecting\u2026 3 s" in plain(status(away, 40))
    assert " connecting\u2026 3 s" in plain(status(replace(away, was_welcomed=False), 40))


def test_the_status_counts_unsent_messages_and_rows_below() -> None:
    line = plain(status(replace(CALM, unsent=2, below=7), 60))
    assert line.endswith("2 unsent \u00b7 \u2193 7 below") and len(line) <= 60


def test_on_a_narrow_screen_long_names_leave_room_for_the_rest() -> None:
    line = plain(status(replace(CALM, nick="n" * 64, node="host" * 16), 40))
    assert "12 ms" in line and columns(line) <= 40


def test_the_status_names_the_rooms_with_mentions_that_are_not_in_the_bar() -> None:
    buffers = of(*(f"room-{number}" for number in range(1, 21)))
    for number in (1, 2, 20):
        buffers.open(f"room-{number}").miss(called=number != 20)
    hidden = hidden_mentions(buffers, 40)
    assert hidden == [] and "room-2(1!)" in plain(room_bar(buffers, 40))
    buffers.turn_to("room-10")
    hidden = hidden_mentions(buffers, 40)
    assert hidden == ["room-1", "room-2"]
    line = plain(status(replace(CALM, mentions=tuple(hidden)), 80))
    assert line.endswith("mentions: room-1, room-2") and " ana " in line


def test_on_a_narrow_screen_many_mentions_leave_room_for_the_nick() -> None:
    names = tuple(f"room-{number}" for number in range(20))
    line = plain(status(replace(CALM, mentions=names), 40))
    assert line.startswith(" ana ") and "mentions: room-0" in line and columns(line) <= 40


def test_the_status_shows_the_people_and_the_match_of_a_search() -> None:
    line = plain(status(replace(CALM, people="3 people", search="fox: 2 of 5"), 60))
    assert line.startswith(" ana \u00b7 node-1 \u00b7 12 ms \u00b7 3 people ")
    assert line.endswith(" fox: 2 of 5")


def test_the_status_says_that_messages_wait_while_the_node_cannot_store_them() -> None:
    stalled = replace(CALM, stalled=True, unsent=1)
    assert " ana \u00b7 messages wait: the node cannot store them " in plain(status(stalled, 80))
    for width in (40, 80, 200):
        line = plain(status(stalled, width))
        assert any(each in line for each in STALLED) and columns(line) <= width
    assert "unsent" not in plain(status(stalled, 40))
    new = replace(stalled, away=6.0, was_welcomed=False, unsent=0)
    line = plain(status(new, 80))
    assert "connecting\u2026 6 s \u00b7 messages wait: the node cannot store them" in line
    assert "messages wait, cannot be stored" in plain(status(new, 40))


@given(st.lists(hostile, max_size=5), hostile, hostile, st.integers(1, 100))
def test_whatever_the_names_the_bars_are_harmless(
    names: list[str], nick: str, node: str, width: int
) -> None:
    assert_harmless(plain(room_bar(of(*names), width)))
    assert_harmless(plain(status(replace(CALM, nick=nick, node=node), width)))


@given(st.lists(hostile, min_size=1, max_size=9), st.integers(0, 9), st.integers(20, 100))
def test_no_bar_is_too_wide(names: list[str], turns: int, width: int) -> None:
    buffers = of(*names)
    buffers.turn(turns)
    assert columns(plain(room_bar(buffers, width))) <= width
    assert columns(plain(status(CALM, width))) <= width


def test_the_length_of_a_text_that_is_too_long_is_on_the_right() -> None:
    line = plain(status(replace(CALM, too_long="7 kB of 4", unsent=2), 80))
    assert line.endswith("7 kB of 4 \u00b7 2 unsent")
