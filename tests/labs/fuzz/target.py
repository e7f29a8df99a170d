"""A node's connection in this process: real from the bytes to the hub, over a broker of paper.

Each input is one connection's stream. Beside it another session is in the room: whatever comes, it
must be served. What is looked at is in ``Target.run``.
"""

import asyncio
import itertools
import socket
import zlib
from random import Random
from typing import Any, Self

from node.core.hub.hub import Config, Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.dialect import NATIVE, Dialect
from node.net.peer import Peer
from node.net.web.frames import FrameReader
from node.net.write_batch import WriteBatch
from node.protocols import websocket
from node.telemetry.metrics import Metrics
from tests.integration.net.bench import FakeTransport
from tests.labs.fuzz.frames import farewell, unframed
from tests.labs.fuzz.paper import PaperBroker
from wire import codec, limits
from wire import messages as m
from wire.errors import Reason

WEBSOCKET = Dialect(websocket.WebSocketEncoder(), FrameReader, websocket.goodbye)


class Broken(AssertionError):
    """The node did what it must not do; what it raises by itself is as bad."""


class Wire(FakeTransport):
    """A transport for each input; all look at one pair of sockets, which the target closes."""

    def __init__(self, pair: tuple[socket.socket, socket.socket]) -> None:
        asyncio.Transport.__init__(self)
        self.socket, self.client = pair
        self.writes: list[bytes] = []
        self.reading = True
        self.eof_written = self.closed = self.aborted = False
        self.unread = 0
        self.high: int | None = None
        self._eof = True


class Target:
    """A hub with one honest session, and a connection after the other that is not."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._pair = socket.socketpair()
        self.time = 1000.0
        self.broker = PaperBroker()
        self.metrics = Metrics()
        self.batch = WriteBatch(self.metrics, self.loop.call_soon)
        numbers = itertools.count()
        self.hub = Hub(
            "node-1",
            Config(rate=(20.0, 60.0)),
            self.broker,
            self.batch.fan_out,
            self.metrics,
            lambda: self.time,
            lambda: f"id{next(numbers)}",
        )
        self.broker.hub = self.hub
        self._limits = ConnectionLimits(self.hub, proxy=True)
        self._numbers = itertools.count()
        self.honest = self._connect()
        self.loop.run_until_complete(self._greet())

    def close(self) -> None:
        """Let go of the loop and the sockets."""
        self.loop.close()
        for end in self._pair:
            end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, data: bytes, dialect: Dialect = NATIVE) -> list[m.AnyEvent | None]:
        """Let a connection say ``data``; return what it was told. Raises Broken."""
        return self.loop.run_until_complete(self._run(data, dialect))

    def _connect(self, dialect: Dialect = NATIVE) -> Connection:
        peer = Peer(self._limits, next(self._numbers))
        connection = Connection(self.hub, self.batch, peer, dialect=dialect)
        if dialect is NATIVE:
            connection.connection_made(Wire(self._pair))
        else:
            peer.admit(None)
            connection.upgraded(Wire(self._pair), b"", b"")
        return connection

    async def _greet(self) -> None:
        await self._say(self.honest, codec.encode(m.Hello(nick="honest", rooms=["general"])))
        if "honest" not in [one.session.nick for one in self.hub.registry.holders.values()]:
            raise Broken("the honest one was not welcomed")

    async def _run(self, data: bytes, dialect: Dialect) -> list[m.AnyEvent | None]:
        rng = Random(zlib.crc32(data))
        self.broker.anew(rng)
        stranger = self._connect(dialect)
        wire = _wire(stranger)
        try:
            while data:
                size = rng.choice((1, 7, 100, 5000, 70_000))
                if wire.reading and not wire.is_closing():
                    await self._say(stranger, data[:size])
                data = data[size:]
            self.time += 1.0
            self.hub.tick()
            await self._settled()
            events = self._told(stranger)
            await self._still_served()
        finally:
            stranger.connection_lost(None)
            await self._settled()
        if len(self.hub.registry.connections) != 1:
            raise Broken(f"{len(self.hub.registry.connections)} connections are left")
        return events

    async def _say(self, connection: Connection, data: bytes) -> None:
        connection.data_received(data)
        await self._settled()

    async def _settled(self) -> None:
        """Let the broker answer all that it was asked, and everything be written."""
        while self.broker.serve():
            pass
        await asyncio.sleep(0)
        while self.broker.serve():
            await asyncio.sleep(0)

    def _told(self, connection: Connection) -> list[m.AnyEvent | None]:
        """Return what a connection was told, once that is known to be the protocol."""
        wire = _wire(connection)
        written, last = b"".join(wire.writes), None
        if is_framed := connection._dialect is WEBSOCKET:
            try:
                written, last = unframed(written)
            except ValueError as error:
                raise Broken(str(error)) from None
        lines = written.split(b"\n")
        if lines.pop():
            raise Broken("the last line has no end")
        if any(len(line) > limits.NODE_LINE for line in lines):
            raise Broken("a line is too long")
        events = [codec.decode_event(line) for line in lines]
        if None in events:
            raise Broken("an event is of no known type")
        byes = [n for n, event in enumerate(events) if isinstance(event, m.Bye)]
        if byes and (byes != [len(events) - 1] or not wire.eof_written):
            raise Broken(f"{len(byes)} goodbyes, {events[-1]} last, closed: {wire.eof_written}")
        if wire.eof_written and not byes and last is None:
            raise Broken("closed without a goodbye")
        for event in events[-1:]:
            if is_framed and isinstance(event, m.Bye) and last != farewell(Reason(event.reason)):
                raise Broken(f"the close frame says {last!r}")
        return events

    async def _still_served(self) -> None:
        """Ask for a pong on the honest connection."""
        wire = _wire(self.honest)
        await self._say(self.honest, b'{"type":"ping","ref":"here"}\n')
        events = self._told(self.honest)
        if m.PongEvent(ref="here") not in events:
            raise Broken(f"the honest one got no pong: {events[-3:]}")
        wire.writes.clear()


def _wire(connection: Connection) -> Wire:
    transport: Any = connection._transport
    assert isinstance(transport, Wire)
    return transport
