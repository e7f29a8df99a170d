"""One HTTP connection: answers requests until one of them upgrades it to WebSocket."""

import asyncio
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

from node.core.limits.admission import AddressUsage, Refusal
from node.net.connection import Connection
from node.net.peer import Peer
from node.net.read_throttle import ReadFlow
from node.net.request_head import HEAD_MOST, path_of
from node.net.socket_end import close_gently, descriptor_of
from node.net.web import handshake
from node.net.web.http import BadRequest, Request, Response, head_end, parse_head
from node.net.web.port import WebPort

HEAD_WITHIN = 5.0
"""Seconds for a request's head, from its first byte."""
IDLE_MOST = 10.0
"""Seconds without a request after which the connection is closed."""
REQUESTS_MOST = 100
"""Requests of one connection; a browser needs some ten for the page."""

_NO_METHOD = Response(
    HTTPStatus.METHOD_NOT_ALLOWED, "Use GET or HEAD.", headers={"Allow": "GET, HEAD"}
)
_TOO_LONG = Response(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    f"The head of a request is at most {HEAD_MOST} bytes long.",
    close=True,
)


class Visit(asyncio.Protocol):
    """Feeds the web port with requests, one at a time, and writes its responses.

    A request counts as a line: of an address that sends too many, they are read more slowly.
    """

    __slots__ = (
        *("_port", "_peer", "_transport", "_buffer", "_timer", "_requests", "_is_over"),
        *("_flow", "_is_paused"),
    )

    def __init__(self, port: WebPort, peer: Peer) -> None:
        self._port = port
        self._peer = peer
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._requests = 0
        self._is_over = False
        self._flow = ReadFlow(port.hub.services, self._read_on)
        self._is_paused = False

    def admit(self, usage: AddressUsage | None) -> None:
        """Mark the client as already admitted (the TLS listener checks before the handshake)."""
        self._peer.admit(usage)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio: admit the client, or refuse it."""
        self._transport = cast(asyncio.Transport, transport)
        self._flow.open(self._transport)
        self._port.visits.add(self)
        self._port.limits.handshake_started()  # until the upgrade, the hub does not know it
        name = transport.get_extra_info("peername")
        if (refusal := self._peer.connected(name, descriptor_of(transport))) is not None:
            self._refuse(refusal)
        elif self._port.is_closing:  # its TLS handshake took until now
            self.close()
        else:
            self._wait(IDLE_MOST)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: let go of the client's share of the limits."""
        self._leave()
        self._peer.leave()

    def _leave(self) -> None:
        self._is_over = True
        self._port.visits.discard(self)
        self._port.limits.handshake_ended()
        if self._timer is not None:
            self._timer.cancel()

    def close(self) -> None:
        """End a connection on which nothing is under way: the node drains."""
        if not self._is_over:
            self._is_over = True
            self._transport.close()

    # In

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: respond to the requests that are complete."""
        if self._is_over:
            return
        peer = self._peer
        if not peer.admitted:
            data = peer.read_header(data, self._transport, self._refuse)
            if not data:
                return
        if not self._buffer:
            self._wait(HEAD_WITHIN)
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not (self._is_over or self._flow.waits or self._is_paused):
            end = head_end(self._buffer)
            if (end if end >= 0 else len(self._buffer)) > HEAD_MOST:
                self._write(_TOO_LONG)
            elif end < 0:
                return
            else:
                head = bytes(self._buffer[:end])
                del self._buffer[:end]
                self._requests += 1
                self._respond(head)
                if not self._is_over:
                    self._flow.charge(1, self._peer.usage)

    def _respond(self, head: bytes) -> None:
        try:
            request = parse_head(head)
        except BadRequest as error:
            self._port.counts.refused("request")
            self._write(error.response)
            return
        response = self._port.refusal(request, self._own_address())
        if response is None and request.method not in ("GET", "HEAD"):
            response = _NO_METHOD
        if response is None and path_of(request.path) == handshake.PATH:
            response = self._upgrade(request)
            if response is None:
                return
        is_last = self._requests >= REQUESTS_MOST or handshake.wants_close(request)
        self._write(
            response or self._port.pages.respond(request),
            is_last=is_last,
            is_head=request.method == "HEAD",
        )

    def _own_address(self) -> str:
        name = self._transport.get_extra_info("sockname")
        return name[0] if name else ""

    # Out

    def _upgrade(self, request: Request) -> Response | None:
        """Go on as a WebSocket connection; return a response if that is not possible."""
        port, peer = self._port, self._peer
        refusal = port.limits.crowded(descriptor_of(self._transport))
        if refusal is None and peer.is_front:
            refusal = peer.stand_for(port.client_of(request, peer.address))
        if refusal is not None:
            self._refuse(refusal)
            return None
        response = handshake.accept(request)
        if isinstance(response, Response):
            port.counts.refused("handshake")
            peer.stand_alone()
            return response
        port.counts.responded(HTTPStatus.SWITCHING_PROTOCOLS)
        self._leave()
        connection = Connection(port.hub, port.batch, peer, port.direct, port.dialect)
        self._transport.set_protocol(connection)
        connection.upgraded(self._transport, response, bytes(self._buffer))
        return None

    def _refuse(self, refusal: Refusal) -> None:
        """Tell a client that is over a limit. Few of those may linger."""
        may_linger = self._peer.refused(refusal)
        self._write(self._port.full(refusal))
        if not may_linger:
            self._transport.close()

    def _write(self, response: Response, is_last: bool = False, is_head: bool = False) -> None:
        ends = response.close or is_last or self._port.is_closing
        common = {**self._port.headers, "Date": formatdate(usegmt=True)}
        if ends:
            common["Connection"] = "close"
        self._port.counts.responded(response.status)
        self._transport.write(response.encode(common, not is_head))
        if ends:
            self._end()
        else:
            self._wait(HEAD_WITHIN if self._buffer else IDLE_MOST)

    def _end(self) -> None:
        self._is_over = True
        # Up to 256 KiB, which nobody needs while the connection lingers.
        self._buffer.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._flow.end()
        self._flow.resume()
        close_gently(self._transport)

    def pause_writing(self) -> None:
        """Called by asyncio when the client reads too slowly: take no requests for now."""
        self._is_paused = True
        self._flow.pause()

    def resume_writing(self) -> None:
        """Called by asyncio when the client has caught up."""
        self._is_paused = False
        self._read_on()

    def _read_on(self) -> None:
        """Read again, as soon as nothing prevents it, and handle what has come already."""
        if not (self._is_over or self._flow.waits or self._is_paused):
            self._flow.resume()
            self._go_on()

    def _wait(self, seconds: float) -> None:
        """End the connection after so many seconds, unless something else is waited for then."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._transport.abort)
