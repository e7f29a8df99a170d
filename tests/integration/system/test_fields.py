"""Requests that are JSON objects, and still wrong: refused, and the connection goes on."""

import json
from typing import Any

import pytest

from tests.integration.system.conftest import System
from tests.integration.system.steps import mark, said
from tests.integration.system.test_framing import assert_unharmed
from tests.support.lab import Lab, fresh
from tests.support.talker import Talker

LONG_ID = "é" * 33
CONTROLS = ["\x00", "\x07", "\x1b[2J", "\x7f", "\x85", "\r"]

WRONG: list[dict[str, Any]] = [
    {"type": "send", "room": "general"},
    {"type": "send", "text": "hi"},
    {"type": "send", "room": "general", "text": 7},
    {"type": "send", "room": ["general"], "text": "hi"},
    {"type": "send", "room": "general", "text": "hi", "id": 1},
    {"type": "send", "room": "general", "text": "hi", "id": ""},
    {"type": "send", "room": "general", "text": "hi", "id": LONG_ID},
    {"type": "send", "room": "general", "text": "hi", "kind": "shout"},
    {"type": "direct", "to": "nobody"},
    {"type": "direct", "text": "hi"},
    {"type": "direct", "to": "nobody", "text": "hi", "kind": "shout"},
    {"type": "create"},
    {"type": "join"},
    {"type": "join", "room": "general", "history": -1},
    {"type": "join", "room": "general", "history": 201},
    {"type": "join", "room": "general", "history": 1.5},
    {"type": "join", "room": "general", "history": "1"},
    {"type": "join", "room": "general", "history": True},
    {"type": "leave"},
    {"type": "nick"},
    {"type": "nick", "nick": 7},
    {"type": "rooms", "after": 7},
    {"type": "members"},
    {"type": "members", "room": "general", "after": {}},
    {"type": "history"},
    {"type": "history", "room": "general", "limit": 0},
    {"type": "history", "room": "general", "limit": 201},
    {"type": "history", "room": "general", "limit": 10**30},
    {"type": "history", "room": "general", "before": "not a position"},
    {"type": "history", "room": "general", "after": ""},
    {"type": "history", "room": "general", "after": "\u0000"},
    {"type": "hello", "nick": "again"},
]

WRONG_HELLOS: list[dict[str, Any]] = [
    {},
    {"nick": 7},
    {"nick": "ana", "key": "short-key"},
    {"nick": "ana", "key": "k" * 15},
    {"nick": "ana", "key": "k" * 129},
    {"nick": "ana", "key": "é" * 65},
    {"nick": "ana", "key": 1234567890123456},
    {"nick": "ana", "attempt": "1"},
    {"nick": "ana", "attempt": 1.5},
    {"nick": "ana", "attempt": 10**30},
    {"nick": "ana", "rooms": "general"},
    {"nick": "ana", "rooms": [7]},
    {"nick": "ana", "positions": []},
    {"nick": "ana", "positions": {"general": 7}},
    {"nick": "ana", "positions": {"general": "not a position"}},
    {"nick": "ana", "positions": {"@": "not a position"}},
    {"nick": "ana", "token": 7},
]


async def assert_still_open(talker: Talker) -> None:
    assert (await talker.ask("ping"))["type"] == "pong"


@pytest.mark.parametrize("fields", WRONG, ids=lambda fields: json.dumps(fields)[1:60])
async def test_wrong_fields_are_a_bad_request(
    lab: Lab, pair: System, fields: dict[str, Any]
) -> None:
    talker = await lab.member(pair.node, fresh("wrong"))
    await talker.expect("joined", room="general")
    rest = {name: value for name, value in fields.items() if name != "type"}
    await talker.refused(fields["type"], "bad-request", **rest)
    await assert_still_open(talker)
    assert (await talker.ask("members", room="general"))["type"] == "members"


@pytest.mark.parametrize("fields", WRONG_HELLOS, ids=json.dumps)
async def test_a_wrong_hello_leaves_the_connection_open_for_another_one(
    lab: Lab, pair: System, fields: dict[str, Any]
) -> None:
    talker = await lab.connect(pair.node)
    await talker.refused("hello", "bad-request", **fields)
    await talker.hello(fresh("corrected"))


async def test_lengths_are_counted_in_bytes_of_utf_8(lab: Lab, pair: System) -> None:
    room = "ä" * 28 + fresh("-r")
    talker = await lab.connect(pair.node)
    await talker.hello(fresh("é" * 28), key="é" * 64, rooms=[room])
    for text in ("x" * 4096, "€" * 1365 + "x", '"' * 4096, "\U0001f600" * 1024):
        assert (await talker.say(room, text, fresh("é" * 29)))["room"] == room
        assert await talker.expect("message", text=text)
    ref = "é" * 32
    talker.send("rooms", ref=ref)
    await talker.expect("rooms", ref=ref)
    talker.send("rooms", ref=ref + "x")
    assert "ref" not in await talker.expect("error", code="bad-request")
    await talker.refused("create", "bad-room", room="ä" * 33)
    await talker.refused("nick", "bad-nick", nick="é" * 33)
    await talker.refused("send", "text-too-long", room=room, text="€" * 1365 + "xx")


@pytest.mark.parametrize("line", [b"{}", b'{"type":7}', b'{"type":null}', b'{"Type":"ping"}'])
async def test_an_object_without_a_type_is_a_bad_request(
    lab: Lab, pair: System, line: bytes
) -> None:
    talker = await lab.member(pair.node, fresh("typeless"))
    talker.send_line(line)
    await talker.expect("error", code="bad-request")
    await assert_still_open(talker)


async def test_an_unknown_type_is_told_so_with_its_ref(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("unknown"))
    for type in ("dance", "welcome", "SEND", "", "é"):
        await talker.refused(type, "unknown-type")
    await assert_still_open(talker)


@pytest.mark.parametrize(
    ("type", "fields"),
    [
        ("create", {"room": "den"}),
        ("join", {"room": "general"}),
        ("leave", {"room": "general"}),
        ("send", {"room": "general", "text": "hi"}),
        ("direct", {"to": "ana", "text": "hi"}),
        ("nick", {"nick": "ana"}),
        ("rooms", {}),
        ("members", {"room": "general"}),
        ("history", {"room": "general"}),
        ("dance", {}),
        ("send", {"room": 7}),
    ],
)
async def test_before_welcome_everything_but_hello_ping_pong_and_quit_is_too_early(
    lab: Lab, pair: System, type: str, fields: dict[str, Any]
) -> None:
    talker = await lab.connect(pair.node)
    await talker.refused(type, "not-welcome-yet", **fields)
    talker.send("pong")
    await assert_still_open(talker)
    await talker.hello(fresh("patient"))


async def test_one_may_quit_before_welcome(lab: Lab, pair: System) -> None:
    talker = await lab.connect(pair.node)
    talker.send("quit")
    assert "retry_after_ms" not in await talker.expect("bye", reason="quit")
    await talker.closed()


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
async def test_control_characters_are_refused_in_nick_room_and_text(
    lab: Lab, pair: System, control: str
) -> None:
    bad = f"a{control}b"
    talker = await lab.connect(pair.node)
    await talker.refused("hello", "bad-nick", nick=bad)
    await talker.hello(fresh("control"))
    await talker.refused("nick", "bad-nick", nick=bad)
    await talker.refused("direct", "bad-nick", to=bad, text="hi")
    for type in ("create", "join"):
        assert (await talker.refused(type, "bad-room", room=bad))["room"] == bad
    error = await talker.refused("send", "bad-request", room="general", text=bad, id="7")
    assert error["id"] == "7"
    await talker.refused("direct", "bad-request", to="anybody", text=bad)
    await assert_unharmed(lab, pair)


async def test_lone_surrogates_are_refused_wherever_they_are(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("surrogate"))
    for line, codes in (
        (rb'{"type":"send","room":"general","text":"\ud800","ref":"1"}', {"bad-request"}),
        (rb'{"type":"send","room":"general","text":"\udc00\ud800","ref":"1"}', {"bad-request"}),
        (rb'{"type":"nick","nick":"a\udfff","ref":"1"}', {"bad-request", "bad-nick"}),
        (rb'{"type":"create","room":"a\ud83d","ref":"1"}', {"bad-request", "bad-room"}),
    ):
        talker.send_line(line)
        assert (await talker.expect("error", ref="1"))["code"] in codes
    talker.send_line(rb'{"type":"send","room":"general","text":"\ud83d\ude00","id":"pair"}')
    assert (await talker.expect("message", id="pair"))["text"] == "\U0001f600"


@pytest.mark.parametrize("name", ["", " ", "-a", ".a", "a b", "a/b", "a@b", "\u0301a", "\u2160"])
async def test_names_begin_with_a_letter_a_digit_or_a_low_line(
    lab: Lab, pair: System, name: str
) -> None:
    talker = await lab.connect(pair.node)
    await talker.refused("hello", "bad-nick", nick=name)
    await talker.hello(fresh("named"))
    await talker.refused("create", "bad-room", room=name)


async def test_text_is_kept_verbatim(lab: Lab, pair: System) -> None:
    room = fresh("verbatim")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    reader = await lab.member(pair.other, fresh("reader"), rooms=[room])
    await reader.expect("joined", room=room)
    texts = ["  \ttwo\n\nlines\n ", "e\u0301 é ﬁ \u202e \ufeff", '\\n"quoted"', "</script>\u2028"]
    for number, text in enumerate(texts):
        await author.say(room, text, str(number))
    await mark(room, author, reader)
    assert said(reader, room) == said(author, room) == texts
    history = await reader.ask("history", room=room)
    assert [message["text"] for message in history["messages"]][:-1] == texts
