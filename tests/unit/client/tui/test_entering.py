"""What comes into the input line, and what may leave it."""

import pytest

from client.tui.buffers import Buffers
from client.tui.entering import MOST_AT_ONCE, MOST_PIECES, PAUSE, Entering, too_long
from client.tui.notices import Notices
from wire import limits


class Line:
    """The rules of the input line, and what the client says about it."""

    def __init__(self) -> None:
        self.buffers = Buffers()
        self.now = 100.0
        self.taken: list[str] = []
        self.room_to_enter: str | None = None
        self.has_begun = True
        self.entering = Entering(
            self.buffers,
            Notices(self.buffers, int),
            self.taken.append,
            lambda: self.now,
            lambda: self.room_to_enter,
            lambda: self.has_begun,
        )
        self.buffers.open("lab")

    @property
    def note(self) -> str:
        """The last thing that the client itself said."""
        return self.notes[-1]

    @property
    def notes(self) -> list[str]:
        """What the client itself said in the current buffer."""
        return [row.text for row in self.buffers.current.rows]


@pytest.fixture
def line() -> Line:
    """An input line."""
    return Line()


def test_a_line_before_the_first_connection_stays() -> None:
    line = Line()
    line.buffers.close("lab")
    line.has_begun = False
    assert not line.entering.enter("hi") and not line.taken
    assert line.note == (
        "Not sent yet: there is no connection so far. The line stays below; then Enter sends it."
    )
    assert line.entering.enter("/rooms") and line.taken == ["/rooms"]
    line.buffers.open("lab")
    assert line.entering.enter("hi") and line.taken == ["/rooms", "hi"]


def test_without_a_room_a_connected_client_is_told_so() -> None:
    line = Line()
    line.buffers.close("lab")
    assert line.entering.enter("hi") and line.taken == ["hi"]


def test_what_is_taken_out_of_a_paste_is_said(line: Line) -> None:
    assert line.entering.paste("\x1b[31mred\x1b[m\r\n") == "red\n"
    assert line.notes == ["Removed from the pasted text: 2 escape sequences."]


def test_a_clean_paste_needs_no_words(line: Line) -> None:
    assert line.entering.paste("one\ntwo") == "one\ntwo" and not line.notes


def test_a_paste_beyond_all_pieces_is_not_inserted(line: Line) -> None:
    text = "x" * (MOST_PIECES * limits.TEXT)
    assert line.entering.paste(text) == text and not line.notes
    assert line.entering.paste(text + "x") == ""
    assert (
        line.note == "81 kB of 4: not pasted. Use the client as a filter: chat --room ROOM < FILE."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("x" * 4096, ""),
        ("\u4f60" * 1365, ""),
        ("x" * 4097, "5 kB of 4"),
        ("\u4f60" * 1366, "5 kB of 4"),
        ("x" * 7000, "7 kB of 4"),
    ],
)
def test_the_length_is_shown_once_it_is_too_long(text: str, said: str) -> None:
    assert too_long(text) == said


@pytest.mark.parametrize("line_", ["hi", "/help", "/nonsense", "", "/msg", "x" * 4096])
def test_what_fits_may_be_entered(line: Line, line_: str) -> None:
    assert line.entering.enter(line_) and not line.notes and line.taken == [line_]


@pytest.mark.parametrize("start", ["", "/msg bo ", "/me "])
def test_a_text_that_is_too_long_stays_and_goes_out_in_pieces_if_entered_again(
    line: Line, start: str
) -> None:
    text = start + "word " * 1400
    assert not line.entering.enter(text)
    assert line.note == (
        "7 kB of 4: too long for one message. Enter sends it as 2 messages, Ctrl-C clears it."
    )
    assert line.entering.enter(text)
    assert not line.entering.enter(text)  # another time, another question


def test_an_answer_is_for_the_text_and_the_room_of_the_question(line: Line) -> None:
    text = "word " * 1400
    assert not line.entering.enter(text)
    assert not line.entering.enter(text + "!")
    line.buffers.open("ops")
    line.buffers.turn_to("ops")
    assert not line.entering.enter(text + "!")
    assert not line.taken and line.entering.enter(text + "!")


def test_a_text_of_too_many_pieces_cannot_be_sent(line: Line) -> None:
    text = "x" * (MOST_PIECES * limits.TEXT + 1)
    for _ in range(2):
        assert not line.entering.enter(text)
        assert "Use the client as a filter" in line.note


def test_few_lines_at_once_go_out(line: Line) -> None:
    following = range(MOST_AT_ONCE - 1, -1, -1)
    assert not any(line.entering.holds("a", number, number > 0) for number in following)
    assert not line.entering.holds("a", MOST_AT_ONCE - 1, True) and not line.notes


def test_none_of_many_lines_at_once_goes_out(line: Line) -> None:
    assert line.entering.holds("a", 300, True)
    assert all(line.entering.holds("a\nb", number, True) for number in range(299, 0, -1))
    assert line.entering.holds("a\nb", 0, False)
    assert len(line.notes) == 1 and "Enter sends them as one message" in line.note
    line.now += PAUSE
    assert not line.entering.holds("a\nb", 0, False)  # this is the answer


def test_a_paste_of_long_lines_is_held_as_soon_as_it_is_known_to_be_one(line: Line) -> None:
    held = [line.entering.holds("a", 0, True) for _ in range(MOST_AT_ONCE + 1)]
    assert held == [False] * MOST_AT_ONCE + [True]


def test_a_paste_that_comes_in_parts_is_held_all_the_same(line: Line) -> None:
    assert line.entering.holds("a", MOST_AT_ONCE, True)
    for _ in range(10):
        line.now += PAUSE / 2
        assert line.entering.holds("a\nb", 0, False)


def test_lines_that_are_typed_one_by_one_are_never_held(line: Line) -> None:
    assert not any(line.entering.holds("a", 0, False) for _ in range(50))


def test_who_clears_a_paste_can_type_at_once(line: Line) -> None:
    assert line.entering.holds("a", MOST_AT_ONCE, True)
    assert line.entering.holds("a\nb", 0, False)
    assert not line.entering.holds("hi", 0, False)


@pytest.mark.parametrize("text", ["hi", "/me waves", "/leave", "x" * (limits.TEXT + 1)])
def test_a_line_stays_in_the_box_until_the_room_that_was_asked_for_is_shown(
    line: Line, text: str
) -> None:
    line.room_to_enter = "tea"
    assert not line.entering.enter(text) and not line.taken
    assert line.note.startswith("Not sent yet: the answer to your request to enter tea")
    line.room_to_enter = None
    line.buffers.open("tea")
    line.buffers.turn_to("tea")
    if len(text) <= limits.TEXT:
        assert line.entering.enter(text) and line.taken == [text]


@pytest.mark.parametrize("text", ["/msg bo hi", "/rooms", "/quit", "/join cake"])
def test_a_line_that_means_the_same_in_every_room_need_not_wait(line: Line, text: str) -> None:
    line.room_to_enter = "tea"
    assert line.entering.enter(text) and line.taken == [text]


def test_lines_typed_ahead_of_the_answer_stay_lines(line: Line) -> None:
    line.room_to_enter = "tea"
    assert line.entering.holds("one", 1, True)
    assert not line.entering.holds("one\ntwo", 0, False) and not line.entering.enter("one\ntwo")
