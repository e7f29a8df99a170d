"""One connection to a node as lines, and the reason why it ended."""

import asyncio
from collections.abc import Callable
from typing import cast

from client.transport.reasons import broken
from wire import limits
from wire.lines import LineReader

MOST_UNREAD = 16 * 1024 * 1024
"""Bytes for a node that does not read: more than all messages that wait, and their repeats."""


class LineTransport(asyncio.Protocol):
    """Passes complete lines to ``on_lines``; ``closed`` is done when the connection has ended.

    It reads nothing before the first ``resume``, so that its owner can store it first. The result
    of ``closed`` is the reason, in a few words. An exception in ``on_lines`` is a bug of the client
    and becomes the exception of ``closed``.
    """

    def __init__(self, on_lines: Callable[[list[bytes]], None]) -> None:
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._on_lines = on_lines
        self._reader = LineReader(limits.NODE_LINE)
        self._transport: asyncio.Transport | None = None
        self._why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()
        if self._why:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._why:
            return
        lines, error = self._reader.feed(data)
        try:
            self._on_lines(lines)
        except Exception as fault:
            if not self.closed.done():
                self.closed.set_exception(fault)
            self.end("internal error of the client")
        if error:
            self.end(f"the node does not speak the protocol: {error.text}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if not self.closed.done():
            self._why = self._why or broken(exc)
            self.closed.set_result(self._why)

    def hand_to(self, on_lines: Callable[[list[bytes]], None]) -> None:
        """Pass the lines to another function from now on."""
        self._on_lines = on_lines

    def write(self, data: bytes) -> None:
        """Send bytes, if the connection is still open."""
        if self._transport and not self._why:
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > MOST_UNREAD:
                self.end("the node does not read")

    def end(self, why: str) -> None:
        """Abort the connection; unsent data is dropped."""
        self._why = self._why or why
        if self._transport:
            self._transport.abort()
        if not self.closed.done():
            self.closed.set_result(self._why)

    def pause(self) -> None:
        """Stop reading; the node then keeps what it has for us."""
        if self._transport:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Continue reading."""
        if self._transport:
            self._transport.resume_reading()
