"""What is shown of an event; nothing that comes from others acts on the terminal or hides."""

import json
from datetime import UTC

import pyte
import pytest
from hypothesis import given

from client.cli.line_format import INDENT, LineFormat, render
from client.protocol.events import Disconnected
from client.text.sanitize import safe_json, safe_line, safe_word
from client.text.theme import Theme
from tests.support.hostile import assert_harmless, events, hostile
from tests.support.scripted import joined, message, refused, welcome
from wire import messages as m

VIEW = LineFormat(Theme(zone=UTC))
NOON = 43_200_000
AT = "1970-01-01T12:00:00+00:00"


def said(text: str, kind: m.Kind = "say", from_: str = "bo") -> m.Message:
    """A message at noon."""
    return m.Message(room="lab", position="p", at=NOON, from_=from_, text=text, kind=kind)


@pytest.mark.parametrize(
    "event, shown",
    [
        (said("hi"), f"{AT} lab <bo> hi"),
        (said("waves", "action"), f"{AT} lab * bo waves"),
        (said("one\ntwo\n\nthree"), f"{AT} lab <bo> one\n    two\n    \n    three"),
        (
            m.Direct(position="p", at=NOON, from_="bo", to="ana", text="psst"),
            f"{AT} @ <bo \u2192 ana> psst",
        ),
        (
            m.Direct(position="p", at=NOON, from_="bo", to="ana", text="nods", kind="action"),
            f"{AT} @ <bo \u2192 ana> * bo nods",
        ),
        (
            m.Entered(room="lab", position="p", at=NOON, nick="bo"),
            f"{AT} lab + bo entered",
        ),
        (
            m.Left(room="lab", position="p", at=NOON, nick="bo", reason="lost"),
            f"{AT} lab - bo lost the connection",
        ),
        (
            m.Left(room="lab", position="p", at=NOON, nick="bo", reason="beamed"),
            f"{AT} lab - bo left (beamed)",
        ),
        (
            m.Renamed(room="lab", position="p", at=NOON, nick="bob", from_="bo"),
            f"{AT} lab ~ bo is now called bob",
        ),
        (
            m.Renamed(nick="ana2", from_="ana", at=NOON),
            "\u00b7 You are now called ana2.",
        ),
        (welcome("ana"), "\u00b7 You are ana, on node-1."),
        (joined("lab"), "\u00b7 You are in lab, alone."),
        (joined("lab", members=2), "\u00b7 You are in lab, with 1 other."),
        (joined("lab", members=3), "\u00b7 You are in lab, with 2 others."),
        (joined("lab", created=True), "\u00b7 You created lab, and are in it."),
        (
            m.Rooms(rooms=[m.RoomRow(room="a", members=1)], more=False),
            "\u00b7 1 room:\n    a (1 member)",
        ),
        (
            m.Rooms(
                rooms=[m.RoomRow(room="a", members=0), m.RoomRow(room="b", members=2)], more=True
            ),
            "\u00b7 2 rooms (there are more):\n    a (0 members)\n    b (2 members)",
        ),
        (
            m.Members(room="lab", members=["ana", "bo"], more=False),
            "\u00b7 In lab: ana, bo.",
        ),
        (
            m.Members(room="lab", members=["ana", "bo"], more=False, accounts=["ana"]),
            "\u00b7 In lab: ana (account), bo.",
        ),
        (
            m.History(room="lab", messages=[], more=False),
            "\u00b7 No messages in lab are available.",
        ),
        (refused("no-such-room"), "! No: no-such-room."),
        (refused("not-in-room", id="1"), "! Not delivered: No: not-in-room."),
        (
            m.Bye(reason="kicked", text="be nice"),
            "\u00b7 The node ended the connection: kicked. The moderator says: be nice",
        ),
        (
            m.Left(room="lab", position="p", at=NOON, nick="bo", reason="kicked", text="spam"),
            f"{AT} lab - bo was kicked (spam)",
        ),
        (m.Announcement(text="so be it", at=NOON), "\u00b7 Announcement: so be it"),
        (m.Bye(reason="draining"), "\u00b7 The node ended the connection: draining."),
        (Disconnected("refused"), "\u00b7 No connection: refused. Trying again."),
        (m.Ack(id="1", position="p", at=1), None),
        (m.PingEvent(), None),
        (m.PongEvent(), None),
    ],
)
def test_an_event_is_shown_as(event: m.AnyEvent | Disconnected, shown: str | None) -> None:
    assert render(event, VIEW) == shown


def test_history_is_shown_with_a_beginning_and_an_end() -> None:
    past = m.Past(room="lab", position="p", at=NOON, from_="bo", text="old")
    shown = render(m.History(room="lab", messages=[past], more=True), VIEW) or ""
    first, middle, last = shown.splitlines()
    assert middle == f"{AT} lab <bo> old"
    assert first.startswith("\u00b7") and last.startswith("\u00b7")


def test_past_messages_come_with_the_room() -> None:
    event = joined("lab")
    event.messages.append(m.Past(room="lab", position="p", at=NOON, from_="bo", text="old"))
    assert (render(event, VIEW) or "").splitlines()[1] == f"{AT} lab <bo> old"


def test_a_gap_is_shown() -> None:
    room = render(m.Gap(room="lab", after="a", position="b"), VIEW) or ""
    inbox = render(m.Gap(room="@", after="a", position="b"), VIEW) or ""
    assert "lab" in room and "your inbox" in inbox and "no longer available" in room


@pytest.mark.parametrize("at", [-(10**18), 10**18, 10**15])
def test_a_time_that_no_calendar_has_breaks_nothing(at: int) -> None:
    shown = VIEW.theme.clock(at)
    assert len(shown) == 5 and (shown == "--:--" or shown[0].isdigit())
    moment = VIEW.theme.moment(at)
    assert moment == "-" or moment[:4].isdigit()


@pytest.mark.parametrize(
    "text, shown",
    [
        ("\x1b[31mred", "\u241b[31mred"),
        ("\x1b]0;title\x07", "\u241b]0;title\u2407"),
        ("a\rb", "a\u240db"),
        ("\x7f", "\u2421"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb", "a\\u200bb"),
        ("\ufeffa", "\\ufeffa"),
        ("a\u2028b", "a\\u2028b"),
        ("soft\u00adhyphen", "soft\\xadhyphen"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("\ud800", "\\ud800"),
        ("a\tb", "a b"),
        ("a b", "a b"),
        ("na\u00efve \u4f60\u597d \U0001f98a \u0645\u0631\u062d\u0628\u0627",) * 2,
        ("e\u0301",) * 2,
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467",) * 2,
        ("\u2764\ufe0f",) * 2,
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",) * 2,
        ("a\u200db", "a\\u200db"),
        ("\U0001f468\u200d\u200d\U0001f469", "\U0001f468\\u200d\\u200d\U0001f469"),
        ("\U0001f468\u200d", "\U0001f468\\u200d"),
        ("\u200d\U0001f468", "\\u200d\U0001f468"),
    ],
)
def test_a_text_is_shown_as(text: str, shown: str) -> None:
    assert safe_line(text) == shown


@pytest.mark.parametrize(
    "word, shown",
    [
        ("ana", "ana"),
        ("two words", "two\u2423words"),
        ("a\nb", "a\u240ab"),
        ("a\u00a0b", "a\\xa0b"),
        ("\u3000", "\\u3000"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\\u200d\U0001f469"),
        ("\u00e9va", "\u00e9va"),
    ],
)
def test_a_name_is_shown_as(word: str, shown: str) -> None:
    assert safe_word(word) == shown


@pytest.mark.parametrize(
    "line, shown",
    [
        ('{"text":"\u00e4 \U0001f600"}',) * 2,
        ('{"a":\t1,\r"b":2}', '{"a": 1, "b":2}'),
        ('{"text":"\u202egnp\x9b31m\x7f"}', '{"text":"\\u202egnp\\u009b31m\\u007f"}'),
        ('{"text":"\U000e0041"}', '{"text":"\\udb40\\udc41"}'),
    ],
)
def test_a_line_of_json_at_a_terminal_is_harmless_and_the_same(line: str, shown: str) -> None:
    assert safe_json(line) == shown
    assert json.loads(shown) == json.loads(line)


@given(hostile)
def test_no_text_is_harmful(text: str) -> None:
    assert_harmless(safe_line(text))
    assert_harmless(safe_word(text))


@given(hostile, hostile)
def test_a_name_is_one_word_and_a_text_one_line(word: str, text: str) -> None:
    assert not any(character.isspace() for character in safe_word(word))
    assert len(safe_line(text).splitlines()) <= 1


@given(events)
def test_no_event_is_harmful(event: m.AnyEvent | Disconnected) -> None:
    shown = render(event, VIEW)
    for line in (shown or "").split("\n"):
        assert_harmless(line)


@given(hostile)
def test_a_text_cannot_pass_for_more_than_one_message(text: str) -> None:
    first, *further = (render(said(text), VIEW) or "").split("\n")
    assert first.startswith(f"{AT} lab <bo> ")
    assert all(line.startswith(INDENT) for line in further)


@given(hostile)
def test_a_terminal_shows_a_hostile_text_and_does_nothing_else(text: str) -> None:
    screen = pyte.Screen(200, 5)
    stream = pyte.Stream(screen)
    title = screen.title
    shown = render(said(text.replace("\n", "")[:20]), VIEW) or ""
    stream.feed(shown)
    assert screen.title == title
    assert screen.display[0].startswith(f"{AT} lab <bo>")
    assert all(not line.strip() for line in screen.display[1:])
    assert screen.cursor.y == 0


def test_a_message_that_looks_like_a_notice_is_still_a_message() -> None:
    assert (render(message("\u00b7 You are root."), VIEW) or "").startswith(
        "1970-01-01T00:00:00+00:00 general <bo>"
    )
