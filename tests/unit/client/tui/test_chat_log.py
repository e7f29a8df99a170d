"""What goes into the logs of rooms and people."""

from datetime import UTC

from client.text.theme import Theme
from client.tui.chat_log import ChatLog
from tests.unit.client.tui.typed import Screen
from wire import messages as m

NOON = 43_200_000


class Logged(Screen):
    """A screen whose chat is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.log = ChatLog(
            self.chat,  # type: ignore[arg-type]
            self.buffers,
            self.filters,
            lambda name, line: self.lines.append((name, line)),
            lambda: NOON,
            Theme(zone=UTC),
        )

    def happens(self, *events: m.AnyEvent) -> None:
        """Show and log events."""
        for event in events:
            self.events.show(event)
            self.log.take(event)


def said(text: str, nick: str = "bo", kind: m.Kind = "say") -> m.Message:
    """A message in the lab at noon."""
    return m.Message(room="lab", position=text, at=NOON, from_=nick, text=text, kind=kind)


def test_messages_and_who_comes_and_goes_are_logged_with_date_and_zone() -> None:
    screen = Logged()
    screen.happens(
        m.Entered(room="lab", position="1", at=NOON, nick="bo"),
        said("hi"),
        said("waves", kind="action"),
        m.Renamed(room="lab", position="2", at=NOON, from_="bo", nick="bob"),
        m.Left(room="lab", position="3", at=NOON, nick="bob", reason="quit"),
    )
    time = "1970-01-01T12:00:00+00:00 lab"
    assert screen.lines == [
        ("lab", f"{time} + bo entered"),
        ("lab", f"{time} <bo> hi"),
        ("lab", f"{time} * bo waves"),
        ("lab", f"{time} ~ bo is now called bob"),
        ("lab", f"{time} - bob left the chat"),
    ]


def test_the_end_of_a_room_for_us_is_logged_with_the_time_of_receipt() -> None:
    screen = Logged()
    screen.happens(
        m.Left(room="lab", nick="ana", reason="kicked", text="cleanup"),
        m.Left(room="tea", nick="ana", reason="kicked"),
        m.Left(room="ops", nick="ana", reason="left"),
    )
    time = "1970-01-01T12:00:00+00:00"
    assert screen.lines == [
        ("lab", f"{time} lab - a moderator closed lab: cleanup"),
        ("tea", f"{time} tea - a moderator closed tea"),
        ("ops", f"{time} ops - ana left"),
    ]


def test_directs_are_logged_by_person_in_both_directions() -> None:
    screen = Logged()
    screen.happens(m.Direct(position="1", at=NOON, from_="bo", to="ana", text="psst"))
    screen.take("/msg bo what?")
    screen.happens(m.Ack(id="id-1", position="2", at=NOON, to="bo"))
    time = "1970-01-01T12:00:00+00:00 @"
    assert screen.lines == [
        ("@bo", f"{time} <bo \u2192 ana> psst"),
        ("@bo", f"{time} <ana \u2192 bo> what?"),
    ]


def test_nothing_of_ignored_people_is_logged() -> None:
    screen = Logged()
    screen.take("/ignore bo")
    screen.happens(
        m.Entered(room="lab", position="1", at=NOON, nick="bo"),
        said("hi"),
        m.Direct(position="2", at=NOON, from_="bo", to="ana", text="psst"),
        m.Renamed(room="lab", position="2", at=NOON, from_="bo", nick="bob"),
        m.Left(room="lab", position="3", at=NOON, nick="bob", reason="quit"),
    )
    assert screen.lines == []


def test_requests_and_their_answers_are_not_logged() -> None:
    screen = Logged()
    screen.take("/nick eve")
    screen.happens(
        m.Renamed(nick="eve", from_="ana", at=NOON),
        m.Error(code="bad-token", text="The token is wrong."),
    )
    assert screen.lines == []


def test_a_log_without_a_zone_uses_the_local_one() -> None:
    assert Theme().moment(NOON)[-6] in "+-"
    assert Theme().moment(None) == "-"
