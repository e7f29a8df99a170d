"""Frames of a node to WebSocket clients, compared with those of a library."""

import pytest
from websockets.frames import Close, Frame, Opcode

from node.protocols.native import NativeEncoder
from node.protocols.websocket import WebSocketEncoder, goodbye, text
from tests.unit.node.core.fakes import entry
from wire import messages as m
from wire.errors import REASONS, Reason

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 1024 * 1024)


@pytest.mark.parametrize("size", SIZES)
def test_a_text_frame_is_the_one_that_a_library_makes(size: int) -> None:
    lines = b"x" * size
    assert text(lines) == Frame(Opcode.TEXT, lines).serialize(mask=False)


@pytest.mark.parametrize("reason", Reason)
def test_a_goodbye_is_a_close_frame_with_the_code_of_the_reason(reason: Reason) -> None:
    expected = Close(REASONS[reason].close_code, reason).serialize()
    assert goodbye(reason) == Frame(Opcode.CLOSE, expected).serialize(mask=False)


def test_a_goodbye_without_a_reason_is_an_empty_close_frame() -> None:
    assert goodbye(None) == Frame(Opcode.CLOSE, b"").serialize(mask=False)


def test_close_codes_tell_whether_to_reconnect() -> None:
    codes = [row.close_code for row in REASONS.values()]
    assert len(set(codes)) == len(codes)
    for row in REASONS.values():
        assert row.come_back == (4000 <= row.close_code <= 4499), row


def test_events_and_entries_are_the_lines_of_the_native_protocol_in_a_frame() -> None:
    native, web = NativeEncoder(), WebSocketEncoder()
    event = m.PongEvent(ref="1")
    assert web.event(event) == text(native.event(event))
    entries = [entry(1), entry(2)]
    assert web.entries("general", b"e1", entries) == text(native.entries("general", b"e1", entries))
    assert web.entries("general", b"e1", []) == b""
    assert web.past("general", b"e1", entries) == native.past("general", b"e1", entries)
