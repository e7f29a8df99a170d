"""Health and metrics over HTTP: three pages, one request for each connection (RFC 9112)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import cast

from node.net.request_head import HEAD_MOST, path_of
from node.process import listening

_log = logging.getLogger(__name__)

CONNECTIONS_MOST = 64
"""Most connections at a time: a few probes and scrapers, and some that hang."""
LIFE_MOST = 5.0
"""Seconds that a connection may last."""

_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"

Ready = Callable[[], str | None]
"""Returns None when the node is ready, else the one-line reason why it is not."""
Away = Callable[[], Sequence[str]]
"""Returns the names of servers that a node which is ready has to do without."""
Render = Callable[[], bytes]
"""Returns the metrics in Prometheus's text format."""


class Pages:
    """The three pages; ``respond`` is the server without its sockets."""

    def __init__(self, ready: Ready, metrics: Render, away: Away = tuple) -> None:
        self._ready = ready
        self._away = away
        self._metrics = metrics
        self._rows: dict[str, Callable[[], bytes]] = {
            "/healthz": lambda: _response(HTTPStatus.OK, b"alive\n"),
            "/readyz": self._readyz,
            "/metrics": lambda: _response(HTTPStatus.OK, self._metrics(), _METRICS),
        }

    def respond(self, head: bytes) -> bytes:
        """Return the response to a request head. Raises nothing."""
        words = head.partition(b"\n")[0].decode("latin-1").split()
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _line(HTTPStatus.BAD_REQUEST, "Not an HTTP/1.1 request.")
        method, target, _ = words
        row = self._rows.get(path_of(target))
        if row is None:
            return _line(HTTPStatus.NOT_FOUND, f"Not found. Pages: {', '.join(self._rows)}.")
        if method not in ("GET", "HEAD"):
            return _line(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET or HEAD.", "Allow: GET, HEAD\r\n")
        try:
            response = row()
        except Exception:
            # A bug in a page must be seen, and must not end the process.
            _log.exception("a page failed", extra={"path": path_of(target)})
            response = _line(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error; see the log.")
        if method == "HEAD":
            return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return response

    def _readyz(self) -> bytes:
        reason = self._ready()
        if reason is None:
            without = ", ".join(self._away())
            return _line(HTTPStatus.OK, f"ready; without {without}" if without else "ready")
        return _line(HTTPStatus.SERVICE_UNAVAILABLE, " ".join(reason.split()))


class HttpConnection(asyncio.Protocol):
    """One connection: reads a request head, responds, closes."""

    def __init__(self, pages: Pages, connections: set["HttpConnection"], life: float) -> None:
        self._pages = pages
        self._connections = connections
        self._life = life
        self._head = b""
        self._answered = False
        self._transport: asyncio.Transport
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio: start the timer, or close if there are too many connections."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self._connections) >= CONNECTIONS_MOST:
            self._transport.abort()
            return
        self._connections.add(self)
        loop = asyncio.get_running_loop()
        self._end = loop.call_later(self._life, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: respond once the head is complete, or too long."""
        if self._answered:
            return
        # The end may be split between two reads: look at the last three bytes again.
        start = max(len(self._head) - 3, 0)
        self._head += data
        ends = [
            index + len(mark)
            for mark in (b"\r\n\r\n", b"\n\n")
            if (index := self._head.find(mark, start)) >= 0
        ]
        end = min(ends, default=len(self._head))
        if end > HEAD_MOST:
            self._answer(_line(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Head over 8 KiB."))
        elif ends:
            self._answer(self._pages.respond(self._head[:end]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: make room for another connection."""
        self._connections.discard(self)
        if self._end is not None:
            self._end.cancel()

    def _answer(self, response: bytes) -> None:
        self._answered = True
        self._head = b""
        self._transport.write(response)
        self._transport.close()


async def listen(
    host: str | list[str],
    port: int,
    ready: Ready,
    metrics: Render,
    away: Away = tuple,
    *,
    life: float = LIFE_MOST,
) -> listening.Listeners:
    """Return a server of the pages that is listening on all hosts, which are addresses.

    ``life`` is the longest life of a connection in seconds. Raises OSError if the address cannot be
    used.
    """
    pages = Pages(ready, metrics, away)
    connections: set[HttpConnection] = set()
    return await listening.serve(host, port, lambda: HttpConnection(pages, connections, life))


def _line(status: HTTPStatus, text: str, headers: str = "") -> bytes:
    return _response(status, f"{text}\n".encode(), headers=headers)


def _response(status: HTTPStatus, body: bytes, kind: str = _TEXT, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n"
        f"{headers}"
        f"Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body
