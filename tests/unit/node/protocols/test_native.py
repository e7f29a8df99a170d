"""The bytes that the native encoder writes can be decoded by wire."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.core.entries import Entry
from node.protocols.native import NativeEncoder
from wire import codec, limits
from wire import messages as m

NATIVE = NativeEncoder()
EPOCH = b"k1"

names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100)
ids = st.from_regex(r"[0-9a-z]{1,12}", fullmatch=True)
times = st.integers(0, 2**44)
kinds = st.sampled_from(["say", "action"])


def entry(kind: str, id: str, at: int, fields: bytes, offset: int = 7) -> Entry:
    """Return an entry as a log keeps it: ``fields`` is JSON without its opening brace."""
    return Entry(offset, f"{kind} {id} {at} sid:token".encode(), fields)


def said(author: str, text: str, id: str | None, kind: m.Kind, to: str | None = None) -> bytes:
    """Return the body of a message as the core makes it."""
    words = codec.encode_body(m.Words(text=text, id=id, kind=kind))
    to_ = b'"to":%b,' % codec.quote(to) if to is not None else b""
    return b'"from":%b,%b%b' % (codec.quote(author), to_, words)


def decoded(room: str, *entries: Entry) -> list[m.AnyEvent | None]:
    """Return what a client makes of entries."""
    data = NATIVE.entries(room, EPOCH, entries)
    assert data.endswith(b"\n") and data.count(b"\n") == len(entries)
    return [codec.decode_event(line) for line in data.splitlines()]


@given(names, names, texts, st.none() | texts, kinds, ids, times)
def test_a_message_is_decoded_as_it_was_sent(
    room: str, author: str, text: str, id: str | None, kind: m.Kind, entry_id: str, at: int
) -> None:
    body = said(author, text, id, kind)
    [event] = decoded(room, entry("m", entry_id, at, body))
    assert event == m.Message(
        room=room,
        position=f"k1-7-{entry_id}",
        at=at,
        from_=author,
        text=text,
        id=id,
        kind=kind,
    )


@given(names, names, texts, st.none() | texts, kinds, ids, times)
def test_a_direct_is_decoded_as_it_was_sent(
    to: str, author: str, text: str, id: str | None, kind: m.Kind, entry_id: str, at: int
) -> None:
    [event] = decoded("@", entry("d", entry_id, at, said(author, text, id, kind, to)))
    assert event == m.Direct(
        position=f"k1-7-{entry_id}",
        at=at,
        from_=author,
        to=to,
        text=text,
        id=id,
        kind=kind,
    )


@given(names, names, names)
def test_notices_are_decoded_as_they_were_written(room: str, nick: str, old: str) -> None:
    quoted = codec.quote(nick)
    events = decoded(
        room,
        entry("e", "a", 1, b'"nick":%b}' % quoted, 1),
        entry("l", "b", 2, b'"nick":%b,"reason":"lost"}' % quoted, 2),
        entry("r", "c", 3, b'"nick":%b,"from":%b}' % (quoted, codec.quote(old)), 3),
    )
    assert events == [
        m.Entered(room=room, position="k1-1-a", at=1, nick=nick),
        m.Left(room=room, position="k1-2-b", at=2, nick=nick, reason="lost"),
        m.Renamed(room=room, position="k1-3-c", at=3, nick=nick, from_=old),
    ]


@given(names, st.lists(st.tuples(names, texts, st.none() | texts), max_size=5))
def test_past_messages_are_read_as_they_were_said(
    room: str, lines: list[tuple[str, str, str | None]]
) -> None:
    entries = [
        entry("m", f"x{number}", 17, said(author, text, id, "say"), number)
        for number, (author, text, id) in enumerate(lines, 1)
    ]
    past = NATIVE.past(room, EPOCH, entries)
    event = m.History(room=room, messages=past, more=False)
    expected = [
        m.Past(room=room, position=f"k1-{number}-x{number}", at=17, from_=author, text=text, id=id)
        for number, (author, text, id) in enumerate(lines, 1)
    ]
    found = codec.decode_event(NATIVE.event(event))
    assert found == m.History(room=room, messages=expected, more=False)


def test_an_entry_that_was_put_back_looks_like_any_other() -> None:
    held = Entry(9, b"m x9 17 - k0-4 4", b'"from":"ana","text":"hi"}')
    [event] = decoded("tea", held)
    assert event == m.Message(room="tea", position="k1-9-x9", at=17, from_="ana", text="hi")


def test_text_goes_out_as_raw_utf_8() -> None:
    body = said("ana", "é 🙂", None, "say")
    data = NATIVE.entries("café", EPOCH, [entry("m", "x", 1, body)])
    assert "é 🙂".encode() in data and "café".encode() in data and b"\\u" not in data


def test_the_longest_message_and_the_longest_page_fit_into_a_line() -> None:
    text = "\x01" * limits.TEXT
    body = said("n" * limits.NICK, text, "i" * limits.ID, "action")
    data = NATIVE.entries("r" * limits.ROOM, EPOCH, [entry("m", "x" * 32, 2**44, body)])
    assert len(data) < limits.NODE_LINE


@pytest.mark.parametrize("request_", [m.Ping(ref="1"), m.Send(room="tea", text="hi", id="1")])
def test_a_request_is_decoded_as_it_was_encoded(request_: m.AnyRequest) -> None:
    assert NATIVE.request(codec.encode(request_).rstrip()) == request_


@pytest.mark.parametrize(
    "event",
    [
        m.Ack(id="1", position="k1-1-a", at=17, room="tea"),
        m.Bye(reason="draining", retry_after_ms=100),
        m.Error(code="internal", text="é", ref="r"),
        m.Rooms(rooms=[m.RoomRow(room="tea", members=0)], more=False),
    ],
)
def test_an_event_is_one_line_that_reads_back(event: m.AnyEvent) -> None:
    line = NATIVE.event(event)
    assert line.endswith(b"\n") and codec.decode_event(line[:-1]) == event
    assert msgspec.json.decode(line)["type"]
