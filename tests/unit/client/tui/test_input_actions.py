"""What becomes of a typed line."""

import pytest

from client.api.requests import Requests
from client.tui.rows import Kind, Mark
from tests.support.scripted import joined, refused
from tests.unit.client.tui.typed import Screen
from wire import limits
from wire import messages as m


@pytest.fixture
def screen() -> Screen:
    """A screen with one room."""
    return Screen()


def test_a_chat_can_be_asked_all_that_typed_lines_need() -> None:
    assert {"post", "ask"} <= Requests.__abstractmethods__


def test_a_fetch_that_cannot_be_requested_is_an_error_and_the_next_one_is_made(
    screen: Screen,
) -> None:
    screen.lab.oldest = "x" * 200
    screen.take("/history")
    assert screen.notes == ["That is too long."] and not screen.lab.is_fetching
    screen.lab.oldest = "p1"
    screen.take("/history")
    assert isinstance(screen.asked(), m.GetHistory) and screen.lab.is_fetching


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


def test_nobody_ignores_themselves(screen: Screen) -> None:
    screen.take(f"/ignore {screen.chat.nick.upper()}")
    screen.take("/ignore")
    assert screen.notes == ["You cannot ignore yourself.", "Ignored: nobody."]


def test_ignoring_and_unignoring_are_told(screen: Screen) -> None:
    for line in ("/ignore", "/ignore Bo", "/ignore", "/unignore bo", "/unignore bo"):
        screen.take(line)
    assert screen.notes == [
        "Ignored: nobody.",
        "You see nothing more of Bo; /unignore Bo ends that.",
        "Ignored: Bo.",
        "bo is shown again.",
        "bo was not ignored.",
    ]
    assert not screen.chat.requests


@pytest.mark.parametrize("line", ["/join tea", "/create tea"])
@pytest.mark.parametrize("is_refused", [False, True])
def test_a_room_is_being_entered_until_the_answer_is_shown(
    screen: Screen, line: str, is_refused: bool
) -> None:
    assert screen.lookups.room_to_enter is None
    screen.take(line)
    request = screen.asked()
    assert screen.lookups.room_to_enter == "tea"
    screen.events.show(joined("ops", ref="ref-0"))
    assert screen.lookups.room_to_enter == "tea"
    answer = refused("no-such-room", ref=request.ref)
    screen.events.show(answer if is_refused else joined("tea", ref=request.ref))
    assert screen.lookups.room_to_enter is None


def test_the_nick_of_an_account_is_refused_with_what_to_do_and_asks_for_no_password(
    screen: Screen,
) -> None:
    screen.take("/nick zoe")
    answer = m.Error(code="nick-taken", text="Send its password too.", account=True)
    answer.ref = screen.asked().ref
    screen.events.show(answer)
    assert screen.notes == [
        "The nick zoe belongs to an account, or looks like one that does. If the account is yours,"
        " leave the chat, and start it with --nick zoe."
    ]


@pytest.mark.parametrize("line", ["/who", "/rooms", "/join tea", "/create tea", "/nick ann"])
def test_a_command_without_a_connection_is_said_to_wait(screen: Screen, line: str) -> None:
    screen.take(line)
    assert not screen.notes
    screen.chat.is_connected = False
    screen.take(line)
    assert screen.notes == ["There is no connection now: the command waits for it."]


def test_who_of_a_room_that_one_is_not_in_advises_nothing_that_may_fail(screen: Screen) -> None:
    screen.take("/who nosuch")
    answer = refused("not-in-room", ref=screen.asked().ref, room="nosuch")
    screen.events.show(answer)
    assert screen.notes == ["You are not in nosuch: only its members can list who is in it."]


def test_a_nick_that_nobody_can_have_leaves_no_window(screen: Screen) -> None:
    screen.take("/msg b!d psst")
    screen.buffers.turn_to("@b!d")
    screen.events.show(refused("bad-nick", id="id-1"))
    assert screen.buffers.current is screen.lab and screen.buffers.get("@b!d") is None
    assert screen.notes[-1].endswith("It was: psst")


def test_a_closed_room_is_told_from_a_kick(screen: Screen) -> None:
    screen.buffers.open("ops")
    screen.events.show(m.Left(room="ops", nick="ana", reason="kicked", text="old"))
    assert screen.notes[-1] == "A moderator has closed ops: old"
    screen.buffers.open("ops")
    screen.events.show(m.Left(room="ops", nick="ana", reason="kicked", position="p1", at=1))
    assert screen.notes[-1] == "A moderator has kicked you out of ops."


def test_of_a_long_direct_message_the_room_shows_two_lines(screen: Screen) -> None:
    def direct(count: int) -> m.Direct:
        text = "\n".join(map(str, range(count)))
        return m.Direct(position=f"d{count}", at=1, from_="bo", to="ana", text=text)

    screen.events.show(direct(30))
    assert screen.notes[-1] == "bo, to you only: 0\n1\n\u2026 28 more lines in @bo"
    assert screen.buffers.open("@bo").rows[-1].text == direct(30).text
    screen.events.show(direct(3))
    assert screen.notes[-1] == "bo, to you only: 0\n1\n2"


def test_a_room_that_is_joined_after_the_last_one_was_left_begins_clean(screen: Screen) -> None:
    screen.take("/leave")
    screen.events.show(m.Left(ref=screen.asked().ref, room="lab", nick="ana", reason="left"))
    assert screen.notes == ["You left lab."]
    tea = screen.buffers.open("tea")
    assert screen.buffers.current is tea and not tea.rows
    screen.buffers.close("tea")
    assert not screen.notes
