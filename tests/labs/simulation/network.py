"""In-memory connections between clients and nodes: delays, cuts in the middle, slow readers.

Bytes travel from a client to the kernel of the node's machine, where they wait for the node, which
may be stopped; that is what makes a hello of long ago possible.
"""

from collections.abc import Callable
from contextvars import Context
from random import Random
from typing import Any, Protocol

from node.net.connection import Connection
from tests.labs.simulation.loop import VirtualLoop

WINDOW = 4096
"""Bytes that the network takes for a client that does not read."""


class User(Protocol):
    """The client at the other end."""

    def received(self, line: "Line", data: bytes) -> None: ...
    def lost(self, line: "Line") -> None: ...


class Polled(Connection):
    """A connection that looks for the end of its client in the simulated kernel."""

    __slots__ = ()

    def _is_gone(self) -> bool:
        line = self._transport
        assert isinstance(line, Line)
        return line.finished


class Line:
    """A connection: the transport of the node's side, and what the client's side holds."""

    def __init__(self, loop: VirtualLoop, random: Random, user: User, slow: float) -> None:
        self._loop = loop
        self._random = random
        self._user = user
        self.slow = slow
        self._outside = Context()
        self._inside: Context | None = None
        self._protocol: Connection | None = None
        self._high = WINDOW
        # From the client to the node
        self.finished = False
        self._reset = False
        self._inbox: list[bytes] = []
        self._last_in = 0.0
        self._wakes = False
        self._reads = True
        # From the node to the client
        self._buffer = bytearray()
        self._flying = 0
        self._unread: list[bytes | None] = []
        self._last_out = 0.0
        self._paused = False
        self._free_since = 0.0
        self._ending = False
        self._gone = False
        self.client_open = True
        self.client_reads = True

    def _delay(self) -> float:
        return self._random.uniform(0.0005, 0.02) + (self._random.random() < 0.02) * self.slow

    # The client's side

    def send(self, data: bytes) -> None:
        """Send bytes to the node, which may get them in pieces."""
        if not self.client_open:
            return
        pieces = [data]
        if self._random.random() < 0.1:
            cut = self._random.randrange(len(data))
            pieces = [data[:cut], data[cut:]]
        for piece in pieces:
            self._to_node(self._bring, piece)

    def _to_node(self, callback: Callable[..., None], *args: Any) -> None:
        self._last_in = max(self._last_in + 1e-6, self._loop.now + self._delay())
        self._loop.deliver_at(self._last_in, callback, *args, context=self._outside)

    @property
    def free_since(self) -> float:
        """Since when the node may write; until then it reads nothing either."""
        return self._loop.now if self._paused else self._free_since

    def _bring(self, data: bytes) -> None:
        self._inbox.append(data)
        self._wake()

    def hang_up(self, reset: bool) -> None:
        """Close at the client's side; after a reset the node loses what it has not read yet."""
        if self.client_open:
            self.client_open = False
            self._to_node(self._finish, reset)

    def _finish(self, reset: bool) -> None:
        self.finished = True
        if reset:
            self._reset = True
            self._inbox.clear()
        self._wake()

    def read(self, reads: bool) -> None:
        """Let the client read, or not."""
        self.client_reads = reads
        if reads:
            unread, self._unread = self._unread, []
            for data in unread:
                if data is None:
                    self._lose()
                else:
                    self._take(data)

    def _take(self, data: bytes) -> None:
        if not self.client_reads:
            self._unread.append(data)
            return
        self._flying -= len(data)
        if self._buffer and not self._gone:
            self._loop.call_soon(self._writable, context=self._inside)
        if self.client_open:
            self._user.received(self, data)

    def _lose(self) -> None:
        """Let the client see the end, after what came before it."""
        if not self.client_reads:
            self._unread.append(None)
        elif self.client_open:
            self._user.lost(self)

    def break_off(self) -> None:
        """The network or the node's process is gone: the client notices it a little later."""
        self._gone = self.finished = True
        self._to_client(self._lose)

    def _to_client(self, callback: Callable[..., None], *args: Any) -> None:
        self._last_out = max(self._last_out + 1e-6, self._loop.now + self._delay())
        self._loop.deliver_at(self._last_out, callback, *args, context=self._outside)

    # The node's side: its kernel

    def accept(self, protocol: Connection, inside: Context) -> None:
        """Give the connection to a node."""
        self._protocol, self._inside = protocol, inside
        self._loop.deliver_at(self._loop.now, self._made, context=inside)

    def _made(self) -> None:
        assert self._protocol is not None
        self._protocol.connection_made(self)  # type: ignore[arg-type]
        self._wake()

    def _wake(self) -> None:
        if self._reads and not self._wakes and self._inside is not None:
            self._wakes = True
            self._loop.deliver_at(self._loop.now, self._readable, context=self._inside)

    def _readable(self) -> None:
        """Tell the node what has come."""
        self._wakes = False
        protocol = self._protocol
        assert protocol is not None
        if self._gone or not self._reads or not hasattr(protocol, "_transport"):
            return
        if self._inbox:
            data = b"".join(self._inbox)
            self._inbox.clear()
            protocol.data_received(data)
            if self.finished:
                self._wake()
        elif self.finished:
            if not self._reset:
                protocol.eof_received()
            self._end(ConnectionResetError() if self._reset else None)

    def _end(self, error: Exception | None = None) -> None:
        if not self._gone:
            self._gone = True
            self._buffer.clear()
            assert self._protocol is not None
            self._loop.call_soon(self._protocol.connection_lost, error)
            self._to_client(self._lose)

    def _writable(self) -> None:
        """Hand to the network what it takes."""
        while self._buffer and self._flying < WINDOW and not self._gone:
            size = min(len(self._buffer), WINDOW - self._flying)
            if size > 1 and self._random.random() < 0.05:
                size = self._random.randrange(1, size)
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._flying += size
            self._to_client(self._take, data)
        if self._paused and len(self._buffer) <= self._high // 4 and not self._gone:
            self._paused, self._free_since = False, self._loop.now
            assert self._protocol is not None
            self._protocol.resume_writing()
        if self._ending and not self._buffer and not self._gone:
            self._to_client(self._lose)
            self._ending = False

    # The node's side: asyncio.Transport, as far as connections use it

    def set_write_buffer_limits(self, _high: int) -> None:
        """A smaller limit does for small worlds."""

    def get_extra_info(self, name: str) -> object:
        """Return nothing: there is no socket."""
        return None

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the network has not taken yet."""
        return len(self._buffer)

    def is_closing(self) -> bool:
        """Say whether the connection is over."""
        return self._gone

    def pause_reading(self) -> None:
        """Bring nothing to the node."""
        self._reads = False

    def resume_reading(self) -> None:
        """Bring what has come."""
        self._reads = True
        if self._inbox or self.finished:
            self._wake()

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        if self._gone:
            return
        self._buffer += data
        self._writable()
        if not self._paused and len(self._buffer) > self._high:
            self._paused = True
            assert self._protocol is not None
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """Say that one side may end alone."""
        return True

    def write_eof(self) -> None:
        """Let the client know the end, after what is under way."""
        self._ending = True
        self._writable()

    def abort(self) -> None:
        """End at once."""
        self._end()
