"""Past messages are printed before live ones, and none twice."""

import pytest

from client.cli import past_first
from client.cli.past_first import PastFirst
from tests.support.scripted import message, refused
from wire import messages as m


def past(*positions: str, ref: str = "1", room: str = "lab") -> m.History:
    """The answer with the past of a room."""
    rows = [m.Past(room=room, position=each, at=1, from_="bo", text=each) for each in positions]
    return m.History(ref=ref, room=room, messages=rows, more=False)


def printed(first: PastFirst, *events: m.Event) -> list[str]:
    """Return the positions of what is printed."""
    return [each.position for event in events for each in first.take(event)]


@pytest.fixture
def first() -> PastFirst:
    """Past of one room, that was asked for."""
    first = PastFirst()
    first.asked("lab", "1")
    return first


def test_live_messages_wait_for_the_past_and_are_printed_once(first: PastFirst) -> None:
    assert printed(first, message("c", "c", room="lab"), message("d", "d", room="lab")) == []
    assert printed(first, past("a", "b", "c")) == ["a", "b", "c", "d"]
    assert printed(first, message("e", "e", room="lab")) == ["e"]


def test_a_message_that_arrives_after_it_was_in_the_past_is_not_printed_again(
    first: PastFirst,
) -> None:
    assert printed(first, past("a", "b"), message("b", "b", room="lab")) == ["a", "b"]


def test_rooms_and_directs_do_not_wait_for_each_other(first: PastFirst) -> None:
    first.asked("ops", "2")
    printed(first, message("x", "x", room="lab"))
    assert printed(first, past("o", ref="2", room="ops")) == ["o"]
    assert printed(first, m.Direct(position="d", at=1, from_="bo", to="ana", text="hi")) == ["d"]
    assert printed(first, past("a")) == ["a", "x"]


def test_a_past_that_is_refused_holds_nothing_back(first: PastFirst) -> None:
    printed(first, message("x", "x", room="lab"))
    assert printed(first, refused("unavailable", ref="1")) == ["x"]


def test_a_node_that_never_answers_does_not_fill_the_memory(
    first: PastFirst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_first, "MOST_HELD", 3)
    assert printed(first, *(message("x", f"{n}", room="lab") for n in range(2))) == []
    assert printed(first, message("x", "2", room="lab")) == ["0", "1", "2"]
    assert printed(first, message("x", "3", room="lab")) == ["3"]
