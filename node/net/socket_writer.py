"""Writes to a client's socket past its asyncio transport: the only module that does so.

A transport whose buffer is empty does nothing but write to its socket, but its checks take an
eighth of the time of a delivery. So bytes go straight to the socket as long as it takes all of
them. The transport gets what the socket does not take, and everything after that until its buffer
is empty again: so bytes stay in order, and the transport reports a broken socket.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Protocol

from node.net.socket_end import descriptor_of


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


class HasWriter(Protocol):
    """A connection whose bytes can be written."""

    @property
    def writer(self) -> SocketWriter:
        """Writes to the client of this connection."""


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


def _drop(_data: bytes) -> None:
    """Write nothing: the connection is not open."""
