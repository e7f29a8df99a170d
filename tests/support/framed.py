"""The lines of a talker in WebSocket frames, written from RFC 6455 and docs/protocol.md alone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CONTINUED, TEXT, CLOSE, PONG = 0x0, 0x1, 0x8, 0xA
_FINAL, _MASKED = 0x80, 0x80
_REQUEST = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: chat.v1\r\n\r\n"
)
_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of that key: RFC 6455, 1.3


class Switch:
    """Whether talkers connect over WebSocket, and how many have done so."""

    def __init__(self) -> None:
        self.is_on = False
        self.connections = 0
        self.webs: dict[int, int] = {}
        """The web port of each chat port."""

    def web_of(self, address: tuple[str, int]) -> tuple[str, int]:
        """Return where a node takes WebSocket clients that takes others at this address."""
        return address[0], self.webs[address[1]]

    @contextmanager
    def on(self) -> Iterator[None]:
        """Let talkers connect over WebSocket for a while."""
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


SWITCH = Switch()


def upgrading(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple["FramedReader", "FramedWriter"]:
    """Send the request of the opening handshake; return what reads and writes lines.

    The response is awaited with the first line, so that a node which hangs can be talked to.
    """
    SWITCH.connections += 1
    writer.write(_REQUEST.encode())
    return FramedReader(reader), FramedWriter(writer)


class FramedReader:
    """Reads lines from the frames of a node, and checks that they are what a node may send."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._lines: list[bytes] = []
        self._is_open = False

    async def readline(self) -> bytes:
        """Return a line and its end; nothing after the close frame, or the end of the bytes."""
        while not self._lines:
            try:
                if not self._is_open:
                    await self._open()
                opcode, data = await self._frame()
            except asyncio.IncompleteReadError:
                return b""
            if opcode == CLOSE:
                assert await self._reader.read() == b"", "something came after the close frame"
                return b""
            if opcode == TEXT:
                data.decode()
                assert data.endswith(b"\n"), data
                self._lines = _lines(data)[::-1]
        return self._lines.pop()

    async def _open(self) -> None:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 101 "), head
        assert f"Sec-WebSocket-Accept: {_ACCEPT}" in head and "chat.v1" in head, head
        self._is_open = True

    async def _frame(self) -> tuple[int, bytes]:
        first, size = await self._reader.readexactly(2)
        assert first in (_FINAL | TEXT, _FINAL | CLOSE, _FINAL | PONG), hex(first)
        assert not size & _MASKED
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8), "big")
        return first & 0xF, await self._reader.readexactly(size)


class FramedWriter:
    """Writes a stream of lines in frames; what is no whole line is a fragment of one."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._is_within = False

    def write(self, data: bytes) -> None:
        """Write bytes: a line in each message, whose last fragment ends it."""
        frames = [self._part(line) for line in _lines(data)]
        self._writer.write(b"".join(frames))

    def _part(self, data: bytes) -> bytes:
        opcode = CONTINUED if self._is_within else TEXT
        self._is_within = not data.endswith(b"\n")
        return frame(data, opcode, not self._is_within)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def _lines(data: bytes) -> list[bytes]:
    """Return bytes cut behind each line feed, and nowhere else."""
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def frame(data: bytes, opcode: int = TEXT, is_final: bool = True) -> bytes:
    """Return a frame of a client; its mask is zero, so that tests can read it."""
    first = opcode | (_FINAL if is_final else 0)
    size = len(data)
    if size < 126:
        head = bytes([first, _MASKED | size])
    elif size < 1 << 16:
        head = bytes([first, _MASKED | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, _MASKED | 127]) + size.to_bytes(8, "big")
    return head + bytes(4) + data
