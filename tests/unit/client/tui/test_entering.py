"""What comes into the input line, and what may leave it."""

import pytest

from client.tui.buffers import Buffers
from client.tui.entering import Entering
from client.tui.notices import Notices


class Line:
    """The rules of the input line, and what the client says about it."""

    def __init__(self) -> None:
        self.buffers = Buffers()
        self.entering = Entering(Notices(self.buffers, int))

    @property
    def notes(self) -> list[str]:
        """What the client itself said in the current buffer."""
        return [row.text for row in self.buffers.current.rows]


@pytest.fixture
def line() -> Line:
    """An input line."""
    return Line()


def test_what_is_taken_out_of_a_paste_is_said(line: Line) -> None:
    assert line.entering.paste("\x1b[31mred\x1b[m\r\n") == "red\n"
    assert line.notes == ["Removed from the pasted text: 2 escape sequences."]


def test_a_clean_paste_needs_no_words(line: Line) -> None:
    assert line.entering.paste("one\ntwo") == "one\ntwo" and not line.notes
