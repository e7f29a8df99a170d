"""Bytes: where a line ends, how long it may be, and what is no protocol at all."""

import json

import pytest

from tests.integration.system.conftest import System
from tests.support.lab import Lab, fresh
from tests.support.talker import Talker

LINE = 16 * 1024


def padded(length: int) -> bytes:
    """Return a ping of exactly this many bytes."""
    line = b'{"type":"ping","ref":"padded","pad":"%b"}'
    return line % (b"x" * (length - len(line) + 2))


async def assert_unharmed(lab: Lab, system: System) -> None:
    """Chat over both nodes, as anybody would."""
    room = fresh("unharmed")
    author = await lab.member(system.node, fresh("author"), rooms=[room])
    reader = await lab.member(system.other, fresh("reader"), rooms=[room])
    await reader.expect("joined", room=room)
    await author.say(room, "still here", "1")
    await reader.expect("message", room=room, text="still here")
    for process in system.processes:
        assert "Traceback" not in process.log


async def assert_thrown_out(talker: Talker, code: str) -> None:
    await talker.expect("error", code=code)
    bye = await talker.expect("bye", reason="protocol")
    assert "retry_after_ms" not in bye
    await talker.closed()
    assert [event["type"] for event in talker.events[-2:]] == ["error", "bye"]


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 17 * 1024 + b"\n",
        b"x" * 17 * 1024,
        padded(LINE + 1) + b"\n",
        padded(LINE + 1) + b"\r\n",
        padded(LINE) + b"\r\r\n",
    ],
    ids=["17 KiB", "17 KiB without an end", "a byte too many", "and crlf", "cr and crlf"],
)
@pytest.mark.parametrize("welcome", [False, True], ids=["before welcome", "after welcome"])
async def test_too_long_a_line_ends_the_connection(
    lab: Lab, pair: System, data: bytes, welcome: bool
) -> None:
    talker = await lab.connect(pair.node)
    if welcome:
        await talker.hello(fresh("long"))
    talker.send_bytes(data)
    await assert_thrown_out(talker, "line-too-long")
    await assert_unharmed(lab, pair)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
async def test_a_line_of_exactly_16_kib_is_taken(lab: Lab, pair: System, end: bytes) -> None:
    talker = await lab.connect(pair.node)
    talker.send_bytes(padded(LINE) + end)
    await talker.expect("pong", ref="padded")


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"ping","ref":"\xff"}',
        b'{"type":"ping","ref":"\xed\xa0\x80"}',
        b'["ping"]',
        b"[" * 10_000,
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 3_000,
        b"null",
        b"7",
        b'"ping"',
        b"",
        b"   ",
        b"ping",
        b"GET / HTTP/1.1\r",
        b'{"type":"ping"',
        b'{"type":"ping"}{"type":"ping"}',
        b"{'type':'ping'}",
        b'{"type":"ping","x":NaN}',
        b'{"type":"ping","x":"\x01"}',
        b'\xef\xbb\xbf{"type":"ping"',
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda line: repr(line[:32])[2:-1] or "empty",
)
async def test_what_is_not_one_json_object_in_utf_8_ends_the_connection(
    lab: Lab, pair: System, line: bytes
) -> None:
    talker = await lab.member(pair.node, fresh("rubbish"))
    talker.send_line(line)
    await assert_thrown_out(talker, "bad-request")
    await assert_unharmed(lab, pair)


async def test_an_object_that_is_nested_too_deep_harms_nobody(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("deep"))
    talker.send_line(b'{"type":"ping","ref":"1","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
    answer = await talker.expect_any("pong", "error")
    # Unknown fields are ignored, but RFC 8259 lets a reader of JSON limit the depth.
    assert answer["type"] == "pong" or answer["code"] == "bad-request"
    await assert_unharmed(lab, pair)


async def test_what_comes_before_a_broken_line_is_answered_and_what_follows_is_not(
    lab: Lab, pair: System
) -> None:
    talker = await lab.connect(pair.node)
    talker.send_bytes(b'{"type":"ping","ref":"1"}\nrubbish\n{"type":"ping","ref":"2"}\n')
    await talker.closed()
    assert [event["type"] for event in talker.events] == ["pong", "error", "bye"]


async def test_lines_may_come_in_any_pieces(lab: Lab, pair: System) -> None:
    talker = await lab.connect(pair.node)
    text = "é\U0001f600".encode()
    data = b'{"type":"ping","ref":"1"}\r\n{"type":"ping","ref":"%b"}\n{"type":"pi' % text
    for number in range(len(data)):
        talker.send_bytes(data[number : number + 1])
        await talker.drained()
    talker.send_bytes(b'ng","ref":"3"}\n')
    for ref in ("1", text.decode(), "3"):
        await talker.expect("pong", ref=ref)


async def test_many_requests_in_one_piece_are_answered_in_order(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("hasty"))
    lines = [json.dumps({"type": "rooms", "ref": str(n)}).encode() for n in range(100)]
    talker.send_bytes(b"\n".join(lines) + b"\n")
    await talker.expect("rooms", ref="99")
    assert [event["ref"] for event in talker.seen("rooms")] == [str(n) for n in range(100)]


async def test_half_a_line_and_a_reset_harm_nobody(lab: Lab, pair: System) -> None:
    for data in (b'{"type":"hello","nick":"half', b"\xff" * 1000, b""):
        talker = await lab.connect(pair.node)
        talker.send_bytes(data)
        await talker.drained()
        talker.abort()
        await talker.closed()
    await assert_unharmed(lab, pair)


async def test_nodes_write_utf_8_and_no_escapes(lab: Lab, pair: System) -> None:
    room, text = fresh("räume"), "\u202e\U0001f600 \u00a0é"
    talker = await lab.member(pair.node, fresh("zoé"), rooms=[room])
    await talker.say(room, text, "1")
    await talker.expect("message", room=room, text=text)
    assert not [line for line in talker.lines if b"\\u" in line]


async def test_unknown_fields_are_ignored(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("later"), colour="blue", version={"major": 2})
    answer = await talker.ask("join", room="general", loudly=True)
    assert answer["type"] == "joined"
