"""One client's connection: bytes to requests on the way in, events to bytes on the way out."""

import asyncio
from typing import cast

from node.core.config import Limit
from node.core.hub.hub import Hub
from node.core.limits.admission import AddressUsage, Refusal
from node.core.session.connection import ClientConnection
from node.net.connection_log import ConnectionLog
from node.net.dialect import NATIVE, Dialect, PeerClosed
from node.net.peer import Peer
from node.net.read_throttle import ReadFlow
from node.net.socket_end import close_gently, descriptor_of, is_closed_by_peer
from node.net.write_batch import SocketWriter, WriteBatch
from wire import codec
from wire.errors import WireError
from wire.messages import Hello

BACKLOG_HIGH = 256
"""Pending requests at which a connection stops reading."""
BACKLOG_BYTES = 256 * 1024
"""Bytes received while requests were pending at which a connection stops reading too, if more than
a few are pending: 256 requests of the greatest length would be 4 MiB."""
WRITE_HIGH = 64 * 1024
"""Bytes waiting to be written at which a client counts as slow."""

_request = codec.decode_request


class Connection(asyncio.Protocol):
    """Feeds a session with requests, and is its transport.

    ``direct``: nothing such as TLS is between the asyncio transport and the socket, so bytes may be
    written to the socket itself. ``dialect`` is how lines are put on the wire.
    """

    __slots__ = (
        *("paused", "writer", "_hub", "_batch", "_peer", "_log", "_dialect", "_lines"),
        *("_session", "_transport", "_direct", "_closing", "_flow", "_taken"),
    )

    def __init__(
        self,
        hub: Hub,
        batch: WriteBatch,
        peer: Peer,
        direct: bool = False,
        dialect: Dialect = NATIVE,
    ) -> None:
        self.paused = False
        self.writer = SocketWriter()
        self._hub = hub
        self._batch = batch
        self._peer = peer
        self._log = ConnectionLog(peer, hub.services.counts, dialect.facts)
        self._dialect = dialect
        self._lines = dialect.reader(self)
        self._session: ClientConnection
        self._transport: asyncio.Transport
        self._direct = direct
        self._closing = False
        self._flow = ReadFlow(hub.services, self._go_on)
        self._taken = 0

    # From the first byte to the last

    def admit(self, usage: AddressUsage | None) -> None:
        """Mark the client as already admitted (the TLS listener checks before the handshake)."""
        self._peer.admit(usage)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio: admit the client, or refuse it."""
        self._open(cast(asyncio.Transport, transport))
        name = transport.get_extra_info("peername")
        refusal = self._peer.connected(name, descriptor_of(transport))
        if refusal is not None:
            self._refuse(refusal)
        elif self._peer.admitted:
            self._welcome()

    def upgraded(self, transport: asyncio.Transport, response: bytes, rest: bytes) -> None:
        """Go on with a connection that was upgraded from HTTP; its client is admitted.

        ``response`` is that to its request, ``rest`` are the bytes that came after the request.
        """
        self._open(transport)
        self.writer.put(response)
        self._welcome()
        if rest:
            self.data_received(rest)

    def _open(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(WRITE_HIGH)
        self._flow.open(transport)
        self.writer.open(transport, self._direct)
        self._session = self._hub.connect(self, self._dialect.encoder)
        self._dialect.opened()

    def _welcome(self) -> None:
        """Begin the session of a client that is admitted."""
        self._session.quota.share(self._peer.usage)
        self._hub.opened(self._session)

    def _refuse(self, refusal: Refusal) -> None:
        """Tell the client in a few hundred bytes why it is refused, and close.

        Not each of these is logged, and few may linger.
        """
        may_linger = self._peer.refused(refusal)
        self._session.turn_away(*refusal)
        if not may_linger:
            self._transport.close()

    def facts(self) -> dict[str, object]:
        """Return the facts that are in every log line about this connection."""
        return self._log.facts()

    def log(self, what: str, nick: str | None = None, **facts: str) -> None:
        """Log what happened to the client."""
        self._log.add(what, nick, facts)

    @property
    def address(self) -> str:
        """The client's address, as far as it is known."""
        return self._peer.address

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: let go of the session, which may continue on another connection."""
        self._end()
        self._session.closed()
        self._dialect.closed()
        self._peer.leave()
        self._log.close(self._session, exc)

    def close(self) -> None:
        """Close once the queued bytes are written."""
        self._finish(self._dialect.goodbye(self._session.closing.reason))

    def _finish(self, last: bytes) -> None:
        """Write what is queued and these bytes, then close."""
        if self._closing:
            return
        if data := self._batch.take(self) + last:
            self.writer.put(data)
        self._end()
        self._flow.resume()
        close_gently(self._transport)

    def _end(self) -> None:
        """Handle and write nothing more."""
        self._closing = True
        # The old one may have kept 256 KiB, which nobody needs while the connection lingers.
        self._lines = self._dialect.reader(self)
        self.writer.close()
        self._flow.end()

    # In

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: handle the requests that are in the bytes."""
        if self._closing:
            return
        session = self._session
        size = len(data)
        self._hub.services.counts.bytes_in += size
        if not self._peer.admitted and not (data := self._read_header(data)):
            return
        if not self._log.is_open:
            self._log.open()
        lines, fault = self._lines.feed(data)
        if self._flow.limited:
            lines = self._flow.take(lines, self._peer.usage)
        if lines:
            session.keepalive.hear(self._hub.services.now)
        for line in lines:
            try:
                request = _request(line)
            except WireError as error:
                session.refuse(error)
                if error.fatal:
                    return
            else:
                if type(request) is Hello and self._is_gone():
                    return
                session.handle(request)
        if fault is not None:
            self._stop(fault)
        if backlog := session.pipeline.backlog:
            self._taken += size
            if backlog > BACKLOG_HIGH or self._taken > BACKLOG_BYTES:
                self._stop_at_backlog(backlog)
        else:
            self._taken = 0

    def _stop(self, fault: WireError | PeerClosed) -> None:
        """Nothing more is to be read: refuse what was received, or answer a close frame."""
        if isinstance(fault, WireError):
            self._session.refuse(fault)
        else:
            self._finish(fault.echo)

    def _read_header(self, data: bytes) -> bytes:
        """Take a PROXY header off the front; return the bytes after it."""
        rest = self._peer.read_header(data, self._transport, self._refuse)
        if self._peer.admitted:
            self._welcome()
        return b"" if self._closing else rest

    def charge(self, count: int) -> None:
        """Count frames that contain no complete line as lines."""
        self._flow.charge(count, self._peer.usage)

    def keep(self, is_rest: bool) -> None:
        """Note whether the reader keeps bytes that are to be handled in a turn of their own."""
        self._flow.keep(is_rest)

    def _stop_at_backlog(self, backlog: int) -> None:
        """Stop reading until fewer requests are pending."""
        if backlog <= self._hub.services.config.backlog_low:
            return
        self._session.pipeline.throttle()
        self._taken = 0
        self._hub.services.counts.hit(Limit.BACKLOG)
        self._flow.pause()

    def _is_gone(self) -> bool:
        """Say whether the client has closed the connection; a simulated one has no socket."""
        return is_closed_by_peer(self._transport)

    def eof_received(self) -> None:
        """Called by asyncio when the client has closed its end: close the connection."""

    def read_on(self) -> None:
        """Read again, now that fewer requests are pending."""
        self._go_on()

    def _go_on(self) -> None:
        """Handle lines that were held back, then read again, as soon as nothing prevents it."""
        flow, session = self._flow, self._session
        if flow.waits or self.paused or session.pipeline.throttled or self._closing:
            return
        if flow.is_held:
            self.data_received(b"")
        if not flow.waits and not session.pipeline.throttled:
            flow.resume()

    # Out

    @property
    def unread(self) -> int:
        """Bytes that wait to be read by the client."""
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Queue bytes; they are written at the end of the turn."""
        if not self._closing:
            self._batch.add(self, data)

    def feed(self, data: bytes) -> None:
        """Queue bytes, and tell the session when they are written and more may come."""
        if not self._closing:
            self._batch.feed(self, data)

    def fed(self) -> None:
        """Called when bytes that were queued with ``feed`` are written."""
        if not self._closing and not self.paused:
            self._session.drained()

    def pause_writing(self) -> None:
        """Called by asyncio when the client reads too slowly: write and read no more for now."""
        self.paused = True
        self._flow.pause()
        self._session.paused()

    def resume_writing(self) -> None:
        """Called by asyncio when the client has caught up."""
        self.paused = False
        self._go_on()
        self._session.drained()
