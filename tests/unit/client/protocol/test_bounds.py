"""What a node may send at most."""

import pytest

from client.protocol.bounds import NAME, POSITION, violation
from client.protocol.session import Session
from tests.support.scripted import joined, message, welcome
from tests.unit.client.protocol.sessions import live
from wire import limits
from wire import messages as m


def past(position: str = "p", text: str = "hi") -> m.Past:
    """A past message."""
    return m.Past(room="lab", position=position, at=1, from_="bo", text=text)


@pytest.mark.parametrize(
    "event",
    [
        welcome("n" * limits.NICK),
        joined("r" * limits.ROOM, "p" * POSITION),
        message("\u00e4" * 2048, "p" * POSITION, room="\u00e4" * 32, id="i" * limits.ID),
        m.Direct(position="p", at=1, from_="bo", to="ana", text="x" * limits.TEXT),
        m.Error(code="no-such-room", text="x" * 5000, room="r" * 5000),
        m.History(room="lab", messages=[past("p" * POSITION)], more=False),
        m.Members(room="lab", members=["n" * NAME] * 1000, more=True),
    ],
)
def test_what_an_honest_node_may_send_is_within_the_bounds(event: m.AnyEvent) -> None:
    assert violation(event) is None


@pytest.mark.parametrize(
    "event, what",
    [
        (message("hi", "p" * 129), "position"),
        (message("hi", "\u00e4" * 65), "position"),
        (joined("lab", "p" * 129), "position"),
        (m.Entered(room="lab", position="p" * 129, at=1, nick="bo"), "position"),
        (m.Gap(room="lab", after="p" * 129, position="p"), "position"),
        (m.History(room="lab", messages=[past("p" * 129)], more=False), "position"),
        (message("x" * 4097), "text"),
        (message("\u00e4" * 2049), "text"),
        (m.History(room="lab", messages=[past(), past(text="x" * 4097)], more=False), "text"),
        (m.Error(code="internal", text="x" * 20_000), "text"),
        (joined("r" * 300), "name"),
        (message("hi", from_="n" * 300), "name"),
        (welcome("n" * 300), "name"),
        (m.Members(room="lab", members=["n" * 300], more=False), "name"),
        (m.Rooms(rooms=[m.RoomRow(room="r" * 300, members=1)], more=False), "name"),
        (m.Entered(room="lab", position="p", at=1, nick="n" * 300), "name"),
    ],
)
def test_what_is_longer_is_named(event: m.AnyEvent, what: str) -> None:
    assert what in (violation(event) or "")


def rooms(session: Session) -> list[str]:
    """The rooms that the session is in."""
    return session.read_state.rooms


def test_a_node_puts_us_into_so_many_rooms_unasked_and_no_more() -> None:
    session = live()
    for number in range(2 * limits.ROOMS):
        session.take(joined(f"room-{number}"), 0.0)
    assert len(rooms(session)) == limits.ROOMS
    ref, _ = session.ask(m.Join(room="wanted"))
    assert session.take(joined("wanted", ref=ref), 0.0).show and "wanted" in rooms(session)


def test_entries_of_a_room_that_we_are_not_in_are_not_shown() -> None:
    session = live()
    assert not session.take(message("hi", room="elsewhere"), 0.0).show


@pytest.mark.parametrize(
    "event",
    [
        m.Rooms(rooms=[], more=True),
        m.Members(room="general", members=["bo"], more=True),
        m.History(room="general", messages=[past()], more=True),
    ],
)
def test_a_list_that_nobody_asked_for_is_not_shown(event: m.AnyEvent) -> None:
    assert not live().take(event, 0.0).show
