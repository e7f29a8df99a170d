"""One client's connection: bytes to requests on the way in, events to bytes on the way out."""

import asyncio
import logging
import select
from collections.abc import Callable
from typing import cast

from node.core.config import Limit
from node.core.hub import Hub
from node.core.limits.admission import AddressUsage, Refusal
from node.core.session.session import Session
from node.net.connection_limits import LINGER_MOST, ConnectionLimits
from node.net.proxy_protocol import BadProxyHeader, ProxyReader
from node.net.read_throttle import LINES_AT_ONCE, ReadThrottle
from node.net.write_batch import WriteBatch
from node.protocols.native import NativeEncoder
from wire import limits
from wire.errors import WireError
from wire.lines import LineReader
from wire.messages import Hello

log = logging.getLogger(__name__)

BACKLOG_HIGH = 256
"""Requests under way at which a connection stops reading."""
BACKLOG_BYTES = 256 * 1024
"""Bytes that came while requests were under way at which a connection stops reading too, if more
than a few are: 256 requests of the longest kind would be 4 MiB."""
WRITE_HIGH = 64 * 1024
"""Bytes that wait to be written at which a client counts as slow."""
LINGER = 2.0
"""Seconds for which what a client still sends is read and thrown away after the last line: closing
with unread bytes would reset the connection, and the client would lose that line."""

_front = NativeEncoder()
_CLOSED = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


def _joined(lines: list[bytes]) -> bytes:
    """Return lines as the bytes that they were cut from, their ends included."""
    return b"\n".join([*lines, b""])


def _drop(_data: bytes) -> None:
    """Write to nobody: the connection is over."""


class Connection(asyncio.Protocol):
    """Feeds a session, and is its outlet.

    ``direct``: nothing stands between the transport and the socket, as TLS does, so that bytes may
    go past the transport while it has nothing to write.
    """

    __slots__ = (
        *("paused", "address", "peer", "put", "_hub", "_flush", "_lines", "_proxy", "_session"),
        *("_transport", "_closing", "_reading", "_number", "_gate", "_inside", "_pace"),
        *("_held", "_waiting", "_taken", "_refused", "_known", "_caller"),
        *("file", "_direct"),
    )

    def __init__(
        self, hub: Hub, flush: WriteBatch, gate: ConnectionLimits, number: int, direct: bool = False
    ) -> None:
        self.paused = False
        self.peer = ""
        self._hub = hub
        self._flush = flush
        self._lines = LineReader(limits.LINE)
        self._proxy = ProxyReader() if gate.proxy else None
        self._session: Session
        self._transport: asyncio.Transport
        self.file = -1
        self.put: Callable[[bytes], None] = _drop
        self._direct = direct
        self._closing = False
        self._reading = True
        self._number = number
        self._gate = gate
        self._inside = False
        self._refused = False
        self.address = ""
        self._pace = ReadThrottle(hub.rules.rate) if hub.rules.rate[0] else None
        self._held = b""
        self._waiting = False
        self._taken = 0
        self._known = False
        self._caller: AddressUsage | None = None

    # Life

    def admitted(self, caller: AddressUsage | None) -> None:
        """It is known already who comes, and that it may: so it is where there is a handshake."""
        self._known = True
        self._caller = caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a client in."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(WRITE_HIGH)
        self.put = self._transport.write
        if self._direct:
            self.file, self.put = self._socket(), self._put
        peer = transport.get_extra_info("peername")
        self.peer = f"{peer[0]}:{peer[1]}" if peer else "?"
        self.address = peer[0] if peer else ""
        self._session = self._hub.connect(self, _front)
        if self._known:
            self._opened(self._caller)
            return
        if (refusal := self._gate.crowded(self._socket())) is not None:
            self._turn_away(refusal)
        elif self._proxy is None:
            self._opened(self._gate.enter(self.address))

    def _opened(self, found: AddressUsage | Refusal | None) -> None:
        """It is known who comes: let it in, or not."""
        if isinstance(found, Refusal):
            self._turn_away(found)
            return
        self._session.came_from(found)
        self._inside = True
        log.info("connection opened", extra=self.facts())
        self._hub.opened(self._session)

    def _turn_away(self, refusal: Refusal) -> None:
        """Say that there is no room, in a few hundred bytes, and close.

        There is no line in the log for each of these, and few of them may linger.
        """
        gate = self._gate
        gate.say(refusal.limit)
        self._refused = True
        gate.lingering += 1
        in_peace = gate.lingering <= LINGER_MOST
        self._session.turn_away(*refusal)
        if not in_peace:
            self._transport.close()

    def facts(self) -> dict[str, object]:
        """Return what every line of the log about this connection says."""
        return {"node": self._hub.name, "connection": self._number, "peer": self.peer}

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the session, which may go on elsewhere."""
        self._closing = True
        self.file, self.put = -1, _drop
        self._held = b""
        caller = self._session.caller
        self._session.closed()
        if caller is not None:
            self._gate.leave(caller)
        if self._refused:
            self._gate.lingering -= 1
        if not self._inside:
            return
        facts = self.facts() | {"reason": self._why(exc)}
        if self._session.fault is not None:
            facts["code"] = str(self._session.fault)
        log.info("connection closed", extra=facts)

    def _why(self, exc: Exception | None) -> str:
        """Return why it is over; of a fault of ours not the text, which may quote somebody."""
        if self._session.farewell is not None:
            return str(self._session.farewell)
        if exc is None:
            return "by the client"
        return str(exc) if isinstance(exc, OSError) else type(exc).__name__

    def close(self) -> None:
        """Close once what is queued has been written."""
        if self._closing:
            return
        if data := self._flush.take(self):
            self.put(data)
        self._closing = True
        self.file, self.put = -1, _drop
        self._held = b""
        self._resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER, self._transport.abort)
        else:
            self._transport.close()

    # In

    def data_received(self, data: bytes) -> None:
        """Take what a client says."""
        if self._closing:
            return
        session = self._session
        size = len(data)
        self._hub.counts.bytes_in += size
        if self._proxy is not None:
            if (data := self._preamble(self._proxy, data)) == b"":
                return
        lines, fault = self._lines.feed(data)
        if self._pace is not None:
            lines = self._paced(self._pace, lines)
        if lines:
            session.heard = self._hub.now
        for line in lines:
            try:
                request = _front.request(line)
            except WireError as error:
                session.refuse(error)
                if error.fatal:
                    return
            else:
                if type(request) is Hello and self._is_gone():
                    return
                session.handle(request)
        if fault is not None:
            session.refuse(fault)
        if backlog := session.backlog:
            self._taken += size
            if backlog > BACKLOG_HIGH or self._taken > BACKLOG_BYTES:
                self._throttle(backlog)
        else:
            self._taken = 0

    def _throttle(self, backlog: int) -> None:
        """Stop reading until fewer requests are under way."""
        if backlog <= self._hub.rules.backlog_low:
            return
        self._session.throttled = True
        self._taken = 0
        self._hub.counts.hit(Limit.BACKLOG)
        self._pause_reading()

    def _paced(self, pace: ReadThrottle, lines: list[bytes]) -> list[bytes]:
        """Return the lines that may be taken now; the others are held, and nothing more is read."""
        if self._held or self._waiting:
            # As bytes again: a line of two takes up fifty as an object.
            self._held += _joined(lines)
            if self._waiting:
                return []
            *lines, self._held = self._held.split(b"\n", LINES_AT_ONCE)
        if not lines:
            return []
        count, wait = pace.take(len(lines), self._session.caller, self._hub.clock())
        if wait or count < len(lines) or self._held:
            self._held = _joined(lines[count:]) + self._held
            self._waiting = True
            self._pause_reading()
            self._hub.counts.hit(Limit.LINES)
            asyncio.get_running_loop().call_later(wait, self._go_on)
        return lines[:count]

    def _go_on(self) -> None:
        """Take more of what was held, or read again."""
        self._waiting = False
        if self.paused or self._session.throttled or self._closing:
            return
        if self._held:
            self.data_received(b"")
        if not self._waiting and not self._session.throttled:
            self._resume_reading()

    def _preamble(self, proxy: ProxyReader, data: bytes) -> bytes:
        """Take a PROXY header off the front; return what follows it."""
        try:
            preamble = proxy.feed(data)
        except BadProxyHeader as error:
            log.debug("bad PROXY header", extra=self.facts() | {"error": str(error)})
            return self._abort()
        if preamble is None:
            return b""
        self._proxy = None
        if preamble.source is not None:
            if not self._gate.believes(self.address):
                return self._abort()
            self.address = preamble.source[0]
            self.peer = f"{preamble.source[0]}:{preamble.source[1]}"
        self._opened(self._gate.enter(self.address))
        return b"" if self._closing else preamble.rest

    def _abort(self) -> bytes:
        """Close a connection whose header is not to be believed; anybody can send those."""
        self._hub.counts.hit(Limit.PROXY_FROM)
        self._gate.say(Limit.PROXY_FROM)
        self._transport.abort()
        return b""

    def _is_gone(self) -> bool:
        """Say whether the client has closed already.

        A node that hung finds a hello of long ago, and must not take the session back from where
        it went. The end stands behind the bytes: poll sees it before they are read.
        """
        poll = select.poll()
        poll.register(self._socket(), _CLOSED)
        return bool(poll.poll(0))

    def eof_received(self) -> None:
        """The client says no more: the connection is closed."""

    def _pause_reading(self) -> None:
        if self._reading and not self._closing:
            self._reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def read_on(self) -> None:
        """Read again, now that fewer requests are under way."""
        if not self.paused and not self._waiting:
            self._go_on()

    # Out

    @property
    def unread(self) -> int:
        """Bytes that wait to be read by the client."""
        return self._transport.get_write_buffer_size()

    def _socket(self) -> int:
        socket = self._transport.get_extra_info("socket")
        return socket.fileno() if socket is not None else -1

    def _put(self, data: bytes) -> None:
        """Write bytes now, behind those that the transport still has."""
        if self._transport.get_write_buffer_size():
            self._transport.write(data)
        else:
            self.file = self._socket()
            self._flush.write(self, data)

    def rest(self, data: bytes) -> None:
        """Let the transport wait until the socket takes more; it has its own ways to fail, too."""
        self.file = -1
        self._transport.write(data)

    def write(self, data: bytes) -> None:
        """Queue bytes; they are written at the end of the turn."""
        if not self._closing:
            self._flush.add(self, data)

    def feed(self, data: bytes) -> None:
        """Queue bytes, and tell the session when more may come."""
        if not self._closing:
            self._flush.feed(self, data)

    def fed(self) -> None:
        """What was fed is written: more may come, unless the client has to take that first."""
        if not self._closing and not self.paused:
            self._session.drained()

    def pause_writing(self) -> None:
        """The client reads too slowly: nothing more for it for now, and nothing more from it."""
        self.paused = True
        self._pause_reading()
        self._session.paused()

    def resume_writing(self) -> None:
        """The client has caught up with what was written."""
        self.paused = False
        if not self._session.throttled and not self._waiting:
            self._go_on()
        self._session.drained()
