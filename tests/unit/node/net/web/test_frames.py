"""A reader of frames gives the lines that a client sent, however the bytes are cut."""

import logging
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol

from node.net.dialect import PeerClosed
from node.net.web.frames import MESSAGE_MOST, TURN_MOST, FrameReader
from tests.support.framed import frame
from wire import limits
from wire.errors import Code, WireError


class Outlet:
    """Keeps what a reader writes and charges."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.charged = 0
        self.is_rest = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def charge(self, count: int) -> None:
        self.charged += count

    def keep(self, is_rest: bool) -> None:
        self.is_rest = is_rest


def sent(data: bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    """Return a frame as a client sends it."""
    return Frame(opcode, data, fin).serialize(mask=True)


def read(data: bytes, step: int = 0) -> tuple[list[bytes], WireError | PeerClosed | None, Outlet]:
    """Return what a reader makes of bytes that come in pieces of ``step``."""
    outlet = Outlet()
    reader = FrameReader(outlet)
    lines: list[bytes] = []
    for start in range(0, len(data), step or len(data) or 1):
        more = data[start : start + (step or len(data))]
        while more or outlet.is_rest:
            found, fault = reader.feed(more)
            lines += found
            if fault is not None:
                return lines, fault, outlet
            more = b""
    return lines, None, outlet


@pytest.mark.parametrize("step", [1, 2, 3, 7, 0])
def test_lines_are_the_same_however_the_bytes_are_cut(step: int) -> None:
    data = b"".join(
        [
            sent(b"one"),
            sent(b"two\n"),
            sent(b"three\nfour\r\n"),
            sent(b"fi", fin=False),
            sent(b"ping", Opcode.PING),
            sent(b"ve", Opcode.CONT),
            sent("sechs é".encode()),
            sent(b"x" * 200),
        ]
    )
    lines, fault, outlet = read(data, step)
    assert fault is None
    assert lines == [b"one", b"two", b"three", b"four", b"five", "sechs é".encode(), b"x" * 200]
    assert outlet.written == [Frame(Opcode.PONG, b"ping").serialize(mask=False)]


@pytest.mark.parametrize(
    ("message", "lines"),
    [(b"", [b""]), (b"\n", [b""]), (b"a\n\nb", [b"a", b"", b"b"]), (b"a\n\n", [b"a", b""])],
)
def test_only_the_last_line_end_adds_no_line(message: bytes, lines: list[bytes]) -> None:
    assert read(sent(message))[0] == lines


def test_a_line_of_the_greatest_length_is_taken_with_its_end() -> None:
    line = b"x" * limits.LINE
    for end in (b"", b"\n", b"\r\n"):
        assert read(sent(line + end))[:2] == ([line], None)


@pytest.mark.parametrize(
    "data",
    [
        sent(b"x" * (limits.LINE + 1)),
        sent(b"x" * (MESSAGE_MOST + 1))[:14],
        sent(b"x" * 10_000, fin=False) + sent(b"x" * 10_000, Opcode.CONT),
        bytes([0x81, 0xFF]) + (1 << 30).to_bytes(8, "big"),
    ],
    ids=["a line", "announced", "added up", "a GiB announced"],
)
def test_what_is_too_long_is_refused_as_a_line_is(data: bytes) -> None:
    _, fault, _ = read(data)
    assert isinstance(fault, WireError) and fault.fatal and fault.code is Code.LINE_TOO_LONG


@pytest.mark.parametrize(
    "data",
    [
        Frame(Opcode.TEXT, b"x").serialize(mask=False),
        bytes([sent(b"x")[0] | 0x40]) + sent(b"x")[1:],
        bytes([0x83]) + sent(b"x")[1:],
        sent(b"x", Opcode.BINARY),
        sent(b"x", Opcode.CONT),
        sent(b"x", fin=False) + sent(b"y"),
        bytes([0x09]) + sent(b"x", Opcode.PING)[1:],
        bytes([0x08]) + sent(b"", Opcode.CLOSE)[1:],
        bytes([0x89, 0xFE, 0, 126]) + bytes(130),
        sent(b"\xff"),
        sent("é".encode()[:1], fin=False) + sent(b"x", Opcode.CONT),
        sent(b"\x03", Opcode.CLOSE),
        sent((999).to_bytes(2, "big"), Opcode.CLOSE),
    ],
    ids=[
        *("not masked", "reserved bit", "reserved opcode", "binary", "continues nothing"),
        *(
            "interleaved",
            "ping in fragments",
            "close in fragments",
            "long ping",
            "not utf-8",
            "cut character",
        ),
        *("close of one byte", "reserved close code"),
    ],
)
def test_what_rfc_6455_forbids_is_refused(data: bytes) -> None:
    lines, fault, _ = read(sent(b"before") + data + sent(b"after"))
    assert lines == [b"before"]
    assert isinstance(fault, WireError) and fault.fatal and fault.code is Code.BAD_REQUEST


def test_a_character_may_be_split_between_fragments() -> None:
    one, two = "é".encode()[:1], "é".encode()[1:]
    assert read(sent(one, fin=False) + sent(two, Opcode.CONT))[0] == ["é".encode()]


@pytest.mark.parametrize("body", [b"", (1000).to_bytes(2, "big") + b"done"])
def test_a_close_frame_is_echoed_after_the_lines_before_it(body: bytes) -> None:
    lines, fault, _ = read(sent(b"last") + sent(body, Opcode.CLOSE) + sent(b"never"))
    assert lines == [b"last"]
    assert isinstance(fault, PeerClosed)
    assert fault.echo == Frame(Opcode.CLOSE, body).serialize(mask=False)


def test_frames_without_a_line_are_charged_as_lines() -> None:
    parts = [sent(b"", Opcode.CONT, fin=False) for _ in range(500)]
    data = sent(b"a", fin=False) + b"".join(parts) + sent(b"", Opcode.PONG)
    lines, fault, outlet = read(data + sent(b"b", Opcode.CONT))
    assert (lines, fault) == ([b"ab"], None)
    assert outlet.charged == 502


def test_what_is_received_at_once_is_handled_in_turns() -> None:
    outlet = Outlet()
    reader = FrameReader(outlet)
    data = sent(b"a") * TURN_MOST
    lines, _ = reader.feed(data)
    assert len(lines) == TURN_MOST // len(sent(b"a")) and outlet.is_rest
    while outlet.is_rest:
        lines += reader.feed(b"")[0]
    assert lines == [b"a"] * TURN_MOST


def test_fragments_without_an_end_take_no_memory() -> None:
    outlet = Outlet()
    reader = FrameReader(outlet)
    empty = sent(b"", Opcode.CONT, fin=False)
    reader.feed(sent(b"a", fin=False))
    for data in chain.from_iterable([empty] for _ in range(1000)):
        assert reader.feed(data) == ([], None)
    assert len(reader._parts) <= 65


def whole(*frames: bytes) -> list[bytes]:
    """Return the lines of frames that come in one read each."""
    reader = FrameReader(Outlet())
    lines: list[bytes] = []
    for data in frames:
        found, fault = reader.feed(data)
        assert fault is None
        lines += found
    return lines


def never(self: Protocol, data: bytes) -> None:
    """Fail because the library was asked."""
    raise AssertionError(f"{len(data)} bytes were given to the library")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 1000, TURN_MOST - 8])
def test_a_text_frame_that_comes_alone_does_without_the_library(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Protocol, "receive_data", never)
    assert whole(sent(b"x" * size), sent(b"a\nb")) == [b"x" * size, b"a", b"b"]


def test_after_frames_for_the_library_a_text_frame_does_without_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = FrameReader(Outlet())
    first = sent(b"a", fin=False) + sent(b"b", Opcode.PING) + sent(b"c", Opcode.CONT)
    for byte in first + sent(b"d"):
        reader.feed(bytes([byte]))
    monkeypatch.setattr(Protocol, "receive_data", never)
    assert reader.feed(sent(b"e")) == ([b"e"], None)


def test_what_looks_like_a_text_frame_within_another_is_part_of_it() -> None:
    inner = bytes([0x81, 0x81, 0x80, 0x80, 0x80, 0x80, 0xF8])
    head = bytes([0x81, 0x80 | len(inner), 0x80, 0x80, 0x80, 0x80])
    assert whole(head, inner) == [bytes(byte ^ 0x80 for byte in inner)]


@pytest.mark.parametrize("first", range(6, 160))
def test_a_length_of_64_bits_is_not_taken_for_one_of_7(first: int) -> None:
    data = bytes([0x81, 0xFF]) + (150).to_bytes(8, "big") + bytes(4) + b"x" * 150
    assert whole(data[:first], data[first:]) == [b"x" * 150]


@pytest.mark.parametrize(
    "pieces",
    [
        [sent(b"x", fin=False), sent(b"y")],
        [sent(b"", fin=False), sent(b"y")],
        [b"\x81\x01x"],
        [b"\x81\x7e\x00\x01x"],
        [sent(b"\xff")],
    ],
    ids=["interleaved", "interleaved with nothing", "not masked", "not masked, 16 bits", "utf-8"],
)
def test_what_is_forbidden_is_refused_where_each_frame_comes_alone(pieces: list[bytes]) -> None:
    reader = FrameReader(Outlet())
    *before, last = pieces
    for data in before:
        assert reader.feed(data) == ([], None)
    lines, fault = reader.feed(last)
    assert isinstance(fault, WireError) and fault.code is Code.BAD_REQUEST


CLIENT_FRAMES = st.builds(
    frame,
    st.one_of(st.binary(max_size=8), st.text(max_size=200).map(str.encode)),
    st.sampled_from([Opcode.TEXT] * 4 + [Opcode.CONT, Opcode.PING, Opcode.PONG]),
    st.sampled_from([True, True, False]),
)


@given(st.lists(st.lists(CLIENT_FRAMES, max_size=3), max_size=8), st.integers(0, 40))
def test_a_reader_answers_as_the_library_alone_does(reads: list[list[bytes]], cut: int) -> None:
    outlets = Outlet(), Outlet()
    mixed, alone = FrameReader(outlets[0]), FrameReader(outlets[1])
    rest = b""
    for frames in reads:
        data = rest + b"".join(frames)
        data, rest = data[: max(0, len(data) - cut)], data[max(0, len(data) - cut) :]
        lines, fault = mixed.feed(data)
        assert (lines, str(fault)) == ((found := alone._read(data))[0], str(found[1]))
        if fault is not None:
            break
    assert outlets[0].written == outlets[1].written
    assert outlets[0].charged == outlets[1].charged


def test_a_length_that_could_be_shorter_is_read_and_so_is_what_follows() -> None:
    long_form = bytes([0x81, 0xFE, 0, 1, 0, 0, 0, 0]) + b"x"
    assert whole(long_form, long_form + long_form, sent(b"y"), sent(b"z")) == [
        *(b"x", b"x", b"x", b"y", b"z")
    ]


def test_nothing_of_a_frame_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        read(sent(b"a secret") + sent(b"", Opcode.CLOSE))
    assert caplog.records == []
