"""What becomes of a typed line."""

from collections.abc import Callable

import pytest

from client.api.chat import Chat
from client.api.requests import Requests
from client.protocol.errors import RequestRefused
from client.protocol.events import Then
from client.tui.buffers import Buffers
from client.tui.event_actions import EventActions
from client.tui.filters import Filters
from client.tui.input_actions import InputActions
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.rows import Kind, Mark, Row
from client.tui.unsent import Unsent
from tests.support.scripted import refused
from wire import limits
from wire import messages as m


class Asked:
    """A chat that only notes what is asked of it."""

    nick = "ana"

    def __init__(self) -> None:
        self.requests: list[m.Request] = []
        self.rooms = ["lab"]
        self._count = 0
        self.then: Then | None = None

    def post(self, message: m.Send | m.SendDirect) -> None:
        """Note a message; too long a nick is refused, as the chat does it."""
        if isinstance(message, m.SendDirect) and len(message.to) > 100:
            raise RequestRefused("line-too-long", "That is too long.")
        self._count += 1
        message.id = message.id or f"id-{self._count}"
        self.requests.append(message)

    def ask(self, request: m.Request, then: Then | None = None) -> None:
        """Note a request."""
        self._count += 1
        self.then = then
        request.ref = f"ref-{self._count}"
        self.requests.append(request)


class Screen:
    """What is typed, and what comes of it."""

    def __init__(self) -> None:
        self.chat = Asked()
        self.buffers = Buffers()
        chat: Chat = self.chat  # type: ignore[assignment]
        notices = Notices(self.buffers, int)
        self.unsent = Unsent()
        self.filters = Filters()
        self.lookups = Lookups(chat, self.buffers, notices, self.unsent, self.filters)
        parts = (chat, self.buffers, notices, self.lookups, self.unsent)
        self.events = EventActions(*parts, self.filters, float, lambda: None)
        self.copied: list[str] = []
        self.typed = InputActions(*parts, self.filters, int, self.copied.append)
        self.take: Callable[[str], bool] = self.typed.take
        self.lab = self.buffers.open("lab")
        self.lab.is_first_look()

    def asked(self) -> m.Request:
        """Return the only request since the last time."""
        (request,) = self.chat.requests
        self.chat.requests.clear()
        return request

    def said(self, *texts: str) -> list[Row]:
        """Say something in the lab."""
        rows = [Row(Kind.MESSAGE, text, "bo", 0, text) for text in texts]
        for row in rows:
            self.lab.add(row)
        return rows

    def answer(self, *texts: str, more: bool) -> m.GetHistory:
        """Answer the only question for older messages, and return it."""
        request = self.asked()
        assert isinstance(request, m.GetHistory)
        past = [
            m.Past(room="lab", position=text, at=0, from_="bo", text=text, id=None)
            for text in texts
        ]
        history = m.History(ref=request.ref, room="lab", messages=past, more=more)
        self.events.show(history, self.chat.then)
        return request

    @property
    def notes(self) -> list[str]:
        """What the client itself said in the current buffer."""
        return [row.text for row in self.buffers.current.rows if not row.is_message]


@pytest.fixture
def screen() -> Screen:
    """A screen with one room."""
    return Screen()


def test_a_chat_can_be_asked_all_that_typed_lines_need() -> None:
    assert {"post", "ask"} <= Requests.__abstractmethods__


@pytest.mark.parametrize("line", ["/dance", "/join", "\x1b", "/msg " + "x" * 200 + " hi"])
def test_an_impossible_command_is_an_error_at_once(screen: Screen, line: str) -> None:
    assert screen.take(line)
    (row,) = screen.lab.rows
    assert row.kind is Kind.ERROR and not screen.lab.pending


def test_help_and_empty_lines_ask_nothing(screen: Screen) -> None:
    assert screen.take("/help") and screen.take("")
    assert "/retry" in screen.notes[0] and not screen.chat.requests


def test_messages_in_other_buffers_are_unread(screen: Screen) -> None:
    screen.take("hi")
    screen.take("/me waves")
    hi, waves = screen.lab.pending.values()
    assert (hi.text, hi.kind, hi.mark, hi.id) == ("hi", Kind.MESSAGE, Mark.PENDING, "id-1")
    assert waves.kind is Kind.ACTION and len(screen.unsent) == 2


def test_sending_scrolls_to_the_end(screen: Screen) -> None:
    screen.said(*map(str, range(50)))
    screen.take("/search 7")
    assert screen.lab.anchor is not None
    screen.take("hi")
    assert screen.lab.anchor is None


def test_joining_a_joined_room_switches_to_it(screen: Screen) -> None:
    screen.buffers.open("ops")
    screen.buffers.turn_to("ops")
    screen.take("/join LAB")
    assert screen.buffers.current is screen.lab and not screen.chat.requests
    screen.take("/join ops")  # its buffer is open, but we are not in it any more
    assert screen.asked() == m.Join(room="ops", ref="ref-1")


def test_a_buffer_for_one_person_makes_no_room_requests(screen: Screen) -> None:
    screen.buffers.open("@bo")
    screen.buffers.turn_to("@bo")
    screen.take("psst")
    assert screen.asked() == m.SendDirect(to="bo", text="psst", id="id-1")
    for line in ("/who", "/history"):
        screen.take(line)
    assert screen.notes == ["Only you and bo are here.", "There are no older messages."]
    screen.take("/search nothing")
    screen.take("/leave")
    assert screen.buffers.current is screen.lab and not screen.chat.requests


def test_quitting_with_unsent_messages_warns_once(screen: Screen) -> None:
    assert not screen.take("/quit")
    screen.take("hi")
    assert screen.take("/quit")
    assert screen.notes[-1].startswith("1 message is not delivered yet")
    screen.take("/help")
    assert screen.take("/quit") and not screen.take("/quit")


def test_failed_messages_are_resent_with_their_ids_in_order(screen: Screen) -> None:
    for line in ("one", "/me two"):
        screen.take(line)
    for id in ("id-1", "id-2"):
        screen.events.show(refused("rate-limited", id=id))
    screen.chat.requests.clear()
    assert not screen.unsent and len(screen.lab.failed()) == 2
    screen.take("/retry")
    first, second = screen.chat.requests
    assert first == m.Send(room="lab", text="one", id="id-1")
    assert second == m.Send(room="lab", text="two", id="id-2", kind="action")
    assert [row.mark for row in screen.lab.everything] == [Mark.PENDING] * 2
    screen.take("/retry")
    assert screen.notes == ["There are no undelivered messages here."]


def test_a_direct_that_failed_is_sent_again_from_its_buffer(screen: Screen) -> None:
    screen.take("/msg bo psst")
    screen.events.show(refused("no-such-nick", id="id-1"))
    screen.chat.requests.clear()
    screen.buffers.turn_to("@bo")
    screen.take("/retry")
    assert screen.asked() == m.SendDirect(to="bo", text="psst", id="id-1")


def test_history_is_fetched_and_shown_from_its_beginning(screen: Screen) -> None:
    screen.said("new")
    screen.take("/history 2")
    assert screen.answer("older", "old", more=False).before == "new"
    assert screen.lab.anchor is not None and screen.lab.anchor.row.text == "older"
    screen.take("/history")
    assert screen.notes == ["There are no older messages."]


def test_a_room_without_older_messages_says_so(screen: Screen) -> None:
    screen.take("/history")
    screen.answer(more=False)
    assert screen.notes == ["No older messages are available."]


def test_a_search_goes_up_from_match_to_match(screen: Screen) -> None:
    rows = screen.said("a Fox", "b", "a fox", *"cdefg")
    screen.take("/search fox")
    assert screen.typed.word == "fox"
    assert screen.lab.anchor is not None and screen.lab.anchor.row is rows[5]
    screen.take("/search FOX")
    assert screen.lab.anchor.row is rows[3]


def test_a_search_fetches_older_messages_until_it_finds(screen: Screen) -> None:
    screen.said("new")
    screen.take("/search fox")
    screen.answer("old", more=True)
    assert screen.answer("a fox", "older", more=True).before == "old"
    assert screen.lab.anchor is not None and not screen.notes


def test_a_search_that_finds_nothing_says_so(screen: Screen) -> None:
    screen.take("/search fox")
    screen.answer("old", more=False)
    assert screen.notes == ["No older message here contains fox."]


def test_a_search_ends_when_another_buffer_is_shown(screen: Screen) -> None:
    screen.buffers.open("ops")
    screen.take("/search fox")
    screen.buffers.turn_to("ops")
    screen.answer("old", more=True)
    assert not screen.chat.requests and not screen.notes


def test_a_search_after_older_messages_were_asked_for_waits_for_them(screen: Screen) -> None:
    screen.lookups.fetch_older(screen.lab, 10, lambda rows: None)
    screen.take("/search fox")
    screen.answer("a fox", more=False)
    assert screen.lab.anchor is not None and not screen.chat.requests


def test_links_are_listed_and_copied(screen: Screen) -> None:
    screen.said("see https://a.example/b.")
    assert screen.take("/url") and "1  https://a.example/b (bo)" in screen.notes[0]
    assert screen.take("/url 1") and screen.copied == ["https://a.example/b"]
    assert screen.take("/url 2") and "no link 2" in screen.notes[-1]


@pytest.mark.parametrize("start", ["", "/msg bo ", "/me "])
def test_a_text_that_is_too_long_is_sent_in_pieces(screen: Screen, start: str) -> None:
    lines = [f"line {number} of a log" for number in range(300)]
    assert screen.take(start + "\n".join(lines))
    sent = [each for each in screen.chat.requests if isinstance(each, m.Send | m.SendDirect)]
    assert len(sent) == 2 and all(len(each.text) <= limits.TEXT for each in sent)
    assert "\n".join(each.text for each in sent).splitlines() == lines
    assert len({(type(each), each.kind) for each in sent}) == 1
