"""One write for each client and turn of the loop: bytes are queued, and go out together."""

from collections.abc import Callable, Collection
from typing import Protocol, cast

from node.core.interfaces import Transport
from node.net.socket_writer import HasWriter, write_each


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
