"""One write for each client and turn of the loop, straight to the client's socket.

Bytes are queued, and go out together at the end of the turn. They go past the asyncio transport;
this is the only module that does so. A transport whose buffer is empty does nothing but write to
its socket, but its checks take an eighth of the time of a delivery. So bytes go straight to the
socket as long as it takes all of them. The transport gets what the socket does not take, and
everything after that until its buffer is empty again: so bytes stay in order, and the transport
reports a broken socket.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable
from typing import Protocol, cast

from node.core.interfaces import Transport
from node.net.socket_end import descriptor_of


class HasWriter(Protocol):
    """A connection whose bytes can be written."""

    @property
    def writer(self) -> "SocketWriter":
        """Writes to the client of this connection."""


class Batched(HasWriter, Protocol):
    """A connection that is written to in batches."""

    def fed(self) -> None:
        """Called when bytes that were queued with ``feed`` are written: more may come."""


class WriteCounts(Protocol):
    """The counter of written bytes."""

    bytes_out: int


class WriteBatch:
    """Keeps the bytes queued for each client, and writes them at the end of the turn.

    ``call_soon`` is the loop's.
    """

    def __init__(
        self, counts: WriteCounts, call_soon: Callable[[Callable[[], None]], object]
    ) -> None:
        self._counts = counts
        self._call_soon = call_soon
        self._queued: dict[Batched, bytes] = {}
        self._fed: dict[Batched, None] = {}

    def fan_out(self, transports: Collection[Transport], data: bytes) -> None:
        """Queue the same bytes for many clients: in one step if nothing else is queued."""
        # All transports of this process are connections; the core knows only what it needs of them.
        connections = cast(Collection[Batched], transports)
        self._counts.bytes_out += len(data) * len(connections)
        queued = self._queued
        if not queued:
            self._queued = dict.fromkeys(connections, data)
            if self._queued:
                self._call_soon(self._write)
            return
        for connection in connections:
            queued[connection] = queued[connection] + data if connection in queued else data

    def add(self, connection: Batched, data: bytes) -> None:
        """Queue bytes for one client."""
        self._counts.bytes_out += len(data)
        queued = self._queued
        if not queued:
            self._call_soon(self._write)
        queued[connection] = queued[connection] + data if connection in queued else data

    def feed(self, connection: Batched, data: bytes) -> None:
        """Queue bytes for one client, and call its ``fed`` when they are written."""
        self.add(connection, data)
        self._fed[connection] = None

    def take(self, connection: Batched) -> bytes:
        """Remove and return the client's queued bytes, for callers that must write immediately."""
        return self._queued.pop(connection, b"")

    def _write(self) -> None:
        queued, self._queued = self._queued, {}
        fed, self._fed = self._fed, {}
        write_each(queued.items())
        for connection in fed:
            connection.fed()


def write_each(queued: Iterable[tuple[HasWriter, bytes]]) -> None:
    """Write bytes to each of many connections."""
    write = os.write
    same, size = b"", 0
    for connection, data in queued:
        writer = connection.writer
        if (descriptor := writer._descriptor) < 0:
            writer.put(data)
            continue
        if data is not same:  # mostly it is the same: a fan-out queues one object for all
            same, size = data, len(data)
        try:  # the same as in _put: this runs for each delivery, and a call more can be measured
            sent = write(descriptor, data)
        except OSError:
            sent = 0
        if sent != size:
            writer._leave(data[sent:])


class SocketWriter:
    """Writes bytes to one client at once; while the connection is not open, drops them.

    ``put`` is an attribute and no method, so that with TLS it is the transport's own ``write``.
    """

    __slots__ = ("put", "_descriptor", "_transport")

    def __init__(self) -> None:
        self.put: Callable[[bytes], None] = _drop
        # The socket's while bytes may go straight to it, else -1.
        self._descriptor = -1
        self._transport: asyncio.Transport

    def open(self, transport: asyncio.Transport, direct: bool) -> None:
        """Begin to write; ``direct``: nothing such as TLS is between transport and socket."""
        self._transport = transport
        self.put = transport.write
        if direct:
            self.put = self._put
            # What is left of an HTTP response comes first.
            if not transport.get_write_buffer_size():
                self._descriptor = descriptor_of(transport)

    def close(self) -> None:
        """Drop whatever is put from now on."""
        self.put = _drop
        self._descriptor = -1

    @property
    def is_direct(self) -> bool:
        """Whether the next bytes go straight to the socket."""
        return self._descriptor >= 0

    def _put(self, data: bytes) -> None:
        """Write bytes after those that the transport still has."""
        if self._transport.get_write_buffer_size():
            self._transport.write(data)
            return
        self._descriptor = descriptor_of(self._transport)
        try:
            sent = os.write(self._descriptor, data)
        except OSError:  # the socket is full or broken; the transport finds out which
            sent = 0
        if sent != len(data):
            self._leave(data[sent:])

    def _leave(self, rest: bytes) -> None:
        """Leave to the transport what the socket did not take."""
        self._descriptor = -1
        self._transport.write(rest)


def _drop(_data: bytes) -> None:
    """Write nothing: the connection is not open."""
