"""Each window keeps what was typed in it and not entered."""

import pytest
from prompt_toolkit.completion import DummyCompleter
from prompt_toolkit.document import Document

from client.tui.buffers import Buffers
from client.tui.drafts import Drafts
from client.tui.line_buffer import LineBuffer


class Typing:
    """Two windows, and the input line."""

    def __init__(self) -> None:
        self.buffers = Buffers()
        self.buffers.open("general")
        self.buffers.open("tea")
        self.line = LineBuffer(DummyCompleter())
        self.drafts = Drafts(self.buffers, self.line)

    def turn(self, name: str) -> str:
        """Turn to a window by a key; return what is in the line."""
        self.buffers.turn_to(name)
        self.drafts.turned()
        return self.line.text

    def move(self, name: str) -> str:
        """Move to a window by an event; return what is in the line."""
        self.buffers.turn_to(name)
        self.drafts.moved()
        return self.line.text


@pytest.fixture
def typing() -> Typing:
    """Two windows, and the input line."""
    return Typing()


async def test_what_is_typed_stays_with_its_window(typing: Typing) -> None:
    typing.line.document = Document("for general", 3)
    assert typing.turn("tea") == ""
    typing.line.insert_text("for tea")
    assert typing.turn("general") == "for general"
    assert typing.line.cursor_position == 3
    assert typing.turn("tea") == "for tea"


async def test_what_was_entered_is_no_draft(typing: Typing) -> None:
    typing.line.insert_text("for general")
    typing.turn("tea")
    typing.turn("general")
    typing.line.reset()
    typing.turn("tea")
    assert typing.turn("general") == ""


async def test_a_line_that_waits_for_a_room_goes_along(typing: Typing) -> None:
    typing.line.insert_text("for tea")
    assert typing.move("tea") == "for tea"
    assert typing.turn("general") == ""


async def test_a_draft_that_finds_no_place_is_an_earlier_line(typing: Typing) -> None:
    typing.line.insert_text("for general")
    typing.turn("tea")
    typing.line.insert_text("for tea")
    assert typing.move("general") == "for tea"
    assert typing.line.history.get_strings() == ["for general"]


async def test_an_event_shows_the_draft_in_an_empty_line(typing: Typing) -> None:
    typing.line.insert_text("for general")
    typing.turn("tea")
    assert typing.move("general") == "for general"


async def test_the_cursor_goes_over_a_cluster_behind_the_start_of_a_draft(typing: Typing) -> None:
    typing.line.document = Document("e\u0301e", 0)
    typing.turn("tea")
    typing.line.insert_text("a long text")
    typing.turn("general")
    typing.line.cursor_right()
    assert typing.line.cursor_position == 2


async def test_a_draft_stays_with_a_room_that_is_closed(typing: Typing) -> None:
    typing.turn("tea")
    typing.line.insert_text("for tea")
    typing.buffers.close("tea")
    typing.drafts.moved()
    assert typing.buffers.current.name == "general" and typing.line.text == ""
    typing.buffers.open("Tea")
    assert typing.move("Tea") == "for tea"
    typing.line.reset()
    typing.turn("general")
    assert typing.turn("tea") == ""


async def test_a_draft_stays_with_a_room_that_is_closed_elsewhere(typing: Typing) -> None:
    typing.turn("tea")
    typing.line.insert_text("for tea")
    typing.turn("general")
    typing.line.insert_text("for general")
    typing.buffers.close("tea")
    typing.drafts.moved()
    assert typing.line.text == "for general"
    typing.buffers.open("tea")
    typing.drafts.moved()
    assert typing.turn("tea") == "for tea"


async def test_the_line_of_the_last_room_is_there_when_it_is_entered_again(typing: Typing) -> None:
    typing.line.insert_text("for general")
    for name in ("tea", "general"):
        typing.buffers.close(name)
        typing.drafts.moved()
    assert typing.line.text == ""
    typing.buffers.open("general")
    typing.drafts.moved()
    assert typing.line.text == "for general"
