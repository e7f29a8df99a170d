"""A client that says exactly what it is told to, written from docs/protocol.md alone."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from typing import Any, Self

from tests.support.framed import SWITCH, FramedReader, FramedWriter, upgrading

LINE = 1024 * 1024
"""The longest line a node may send."""
WITHIN = 20.0
"""Seconds to wait for an event: far above what it takes, for machines that are busy."""

Event = dict[str, Any]


class Talker:
    """One connection. Every event is kept in ``events`` (its bytes in ``lines``);
    ``expect`` takes them from ``pending``.

    The methods that only write (``send``, ``send_line``, ``send_bytes``) do not wait; use
    ``drained`` where the node has to have taken it all. Pings of the node are answered, unless
    ``answering`` is switched off.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader | FramedReader,
        writer: asyncio.StreamWriter | FramedWriter,
    ) -> None:
        self.lines: list[bytes] = []
        self.events: list[Event] = []
        self.pending: list[Event] = []
        self.answering = True
        self.lost: Exception | None = None
        self.ended = False
        self._reader, self._writer = reader, writer
        self._news = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def connect(
        cls,
        address: tuple[str, int],
        tls: ssl.SSLContext | None = None,
        opening: bytes = b"",
        source: str | None = None,
    ) -> Self:
        """Connect to a node; ``opening`` goes before everything else, a PROXY header perhaps;
        ``source`` is the address to come from. Over WebSocket while the switch is on."""
        if SWITCH.is_on:
            address = SWITCH.web_of(address)
        name = "localhost" if tls else None
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(
                *address,
                limit=LINE + 1,
                ssl=tls,
                server_hostname=name,
                local_addr=(source, 0) if source else None,
            )
        writer.write(opening)
        if SWITCH.is_on:
            return cls(*upgrading(reader, writer))
        return cls(reader, writer)

    # Out

    def send(self, type: str, **fields: Any) -> None:
        """Send a request; a field ``from_`` is sent as ``from``."""
        self.send_line(json.dumps({"type": type} | _named(fields), ensure_ascii=False).encode())

    def send_line(self, line: bytes) -> None:
        """Send bytes and the end of a line."""
        self.send_bytes(line + b"\n")

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are: half a line, or rubbish."""
        self._writer.write(data)

    async def drained(self) -> None:
        """Wait until the operating system has taken most of what was sent."""
        await self._writer.drain()

    # In

    async def expect(self, type: str, /, within: float = WITHIN, **fields: Any) -> Event:
        """Return the first pending event of this type with these fields, waiting for it if need be.

        It is taken out of ``pending``; those before it stay there, for other calls.
        """
        return await self.expect_any(type, within=within, **fields)

    async def expect_any(self, /, *types: str, within: float = WITHIN, **fields: Any) -> Event:
        """Return the first pending event of one of these types (any, if none is named)."""
        wanted = _named(fields)
        seen = 0
        try:
            async with asyncio.timeout(within), self._news:
                while True:
                    for event in self.pending[seen:]:
                        if (not types or event["type"] in types) and _fits(event, wanted):
                            self.pending.remove(event)
                            return event
                    seen = len(self.pending)
                    assert not self.ended, self._missing("the connection ended", types, wanted)
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(self._missing(f"{within} s passed", types, wanted)) from None

    async def ask(self, type: str, /, *answers: str, **fields: Any) -> Event:
        """Send a request with a new ``ref``, and return its answer, whatever it is.

        ``answers`` restricts the types of events that may be the answer.
        """
        ref = f"ask-{len(self.events)}-{id(fields)}"
        self.send(type, ref=ref, **fields)
        return await self.expect_any(*answers, ref=ref)

    async def hello(self, nick: str, **fields: Any) -> Event:
        """Say hello, and return the ``welcome``, without waiting for its rooms."""
        self.send("hello", nick=nick, **fields)
        welcome = await self.expect_any("welcome", "error", "bye")
        assert welcome["type"] == "welcome", welcome
        return welcome

    async def refused(self, type: str, code: str, /, **fields: Any) -> Event:
        """Send a request, and return the ``error`` of that code which answers it."""
        answer = await self.ask(type, **fields)
        assert (answer["type"], answer.get("code")) == ("error", code), answer
        return answer

    async def say(self, room: str, text: str, id: str, **fields: Any) -> Event:
        """Send a message to a room, and return its ``ack``."""
        self.send("send", room=room, text=text, id=id, **fields)
        answer = await self.expect_any("ack", "error", id=id)
        assert answer["type"] == "ack", answer
        return answer

    async def settled(self) -> None:
        """Wait until everything that was asked before has been answered: requests go in order."""
        await self.ask("rooms", after="\U0010ffff")

    async def closed(self, within: float = WITHIN) -> None:
        """Wait until the node has closed the connection."""
        try:
            async with asyncio.timeout(within):
                await asyncio.shield(self._listening)
        except TimeoutError:
            raise AssertionError(f"still open after {within} s: {self._tail()}") from None

    def seen(self, *types: str, **fields: Any) -> list[Event]:
        """Return all events so far of one of these types (any, if none is named), in order."""
        wanted = _named(fields)
        return [
            event
            for event in self.events
            if (not types or event["type"] in types) and _fits(event, wanted)
        ]

    def pause_reading(self) -> None:
        """Read nothing more: what the node sends fills the buffers in between."""
        self._writer.transport.pause_reading()  # type: ignore[union-attr]

    def resume_reading(self) -> None:
        """Read again."""
        self._writer.transport.resume_reading()  # type: ignore[union-attr]

    # The end

    def finish(self) -> None:
        """Say that nothing more comes (FIN), and go on listening."""
        self._writer.write_eof()

    def abort(self) -> None:
        """Break the connection: the node gets a reset, as from a machine that fell over."""
        self._writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection, without a word."""
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._listening
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Inside

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                await self._take(line)
        except OSError as error:
            self.lost = error
        finally:
            self.ended = True
            async with self._news:
                self._news.notify_all()

    async def _take(self, line: bytes) -> None:
        if not line.endswith(b"\n"):
            return  # Cut off in the middle: as good as never sent.
        self.lines.append(line)
        event = json.loads(line)
        assert isinstance(event, dict) and isinstance(event["type"], str), line
        if event["type"] == "ping" and self.answering:
            self.send("pong", **{"ref": event["ref"]} if "ref" in event else {})
        async with self._news:
            self.events.append(event)
            self.pending.append(event)
            self._news.notify_all()

    def _missing(self, why: str, types: tuple[str, ...], wanted: Event) -> str:
        return f"no {' or '.join(types) or 'event'} with {wanted}: {why}; {self._tail()}"

    def _tail(self) -> str:
        lines = "".join(f"\n  {event}" for event in self.events[-20:])
        return f"the last of {len(self.events)} events:{lines}"


def _named(fields: Event) -> Event:
    return {name.removesuffix("_"): value for name, value in fields.items()}


def _fits(event: Event, wanted: Event) -> bool:
    return all(name in event and event[name] == value for name, value in wanted.items())
