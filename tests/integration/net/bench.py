"""A connection over a transport that a test looks into, and one over loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from node.core.hub.hub import Config, Hub
from node.core.limits.admission import Bounds
from node.net import listener
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.peer import Peer
from node.net.write_batch import WriteBatch
from node.telemetry.metrics import Metrics
from tests.unit.node.core.fakes import FakeBroker
from wire import codec
from wire import messages as m


class FakeTransport(asyncio.Transport):
    """Keeps what is written; the client's end is a socket that a test may close."""

    def __init__(self, eof: bool = True) -> None:
        super().__init__()
        self.socket, self.client = socket.socketpair()
        self.writes: list[bytes] = []
        self.reading = True
        self.eof_written = self.closed = self.aborted = False
        self.unread = 0
        self.high: int | None = None
        self._eof = eof

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": self.socket, "peername": ("192.0.2.7", 4711)}.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def get_write_buffer_size(self) -> int:
        return self.unread

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.eof_written and not self.closed
        self.writes.append(bytes(data))

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def is_reading(self) -> bool:
        return self.reading

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def can_write_eof(self) -> bool:
        return self._eof

    def write_eof(self) -> None:
        self.eof_written = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


class Bench:
    """A hub over a fake broker, and connections to it."""

    def __init__(
        self, proxy: bool = False, eof: bool = True, bounds: Bounds = Bounds(), **rules: Any
    ) -> None:
        self.time = 1000.0
        """What the hub's clock says: it stands still, however long a test takes."""
        self.broker = FakeBroker()
        self.metrics = Metrics()
        self.batch = WriteBatch(self.metrics, asyncio.get_running_loop().call_soon)
        self.numbers = iter(range(10_000))
        self.hub = Hub(
            "node-1",
            Config(**{"rate": (0.0, 0.0), **rules}),
            self.broker,
            self.batch.fan_out,
            self.metrics,
            lambda: self.time,
            lambda: f"id{next(self.numbers)}",
        )
        self.transport = FakeTransport(eof)
        self.limits = ConnectionLimits(self.hub, bounds, proxy)
        self.connection = Connection(self.hub, self.batch, Peer(self.limits, 1))
        self.connection.connection_made(self.transport)

    def end(self) -> None:
        """Close the sockets."""
        self.transport.socket.close()
        self.transport.client.close()

    def says(self, *requests: m.AnyRequest) -> None:
        """Receive requests, all at once."""
        self.connection.data_received(b"".join(map(codec.encode, requests)))

    async def hears(self) -> list[m.AnyEvent | None]:
        """Return the events written since the last time, at the end of this turn."""
        await asyncio.sleep(0)
        data, self.transport.writes[:] = b"".join(self.transport.writes), []
        return [codec.decode_event(line) for line in data.splitlines()]


@asynccontextmanager
async def served(bench: Bench) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect a client to a bench's hub over loopback."""
    server = await listener.listen(bench.hub, bench.batch, "127.0.0.1", 0, None, bench.limits)
    port = cast(int, server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        for session in list(bench.hub.registry.connections):
            connection = session.transport
            assert isinstance(connection, Connection)
            connection._transport.abort()
        await asyncio.sleep(0)
