"""Health and metrics over HTTP: three pages, one request a connection (RFC 9112)."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

_log = logging.getLogger(__name__)

HEAD_MOST = 8 * 1024
"""Longest request head in bytes: proxies and browsers stay below it."""
CONNECTIONS_MOST = 64
"""Most connections at a time: a few probes and scrapers, with room for some that hang."""
LIFE_MOST = 5.0
"""Seconds a connection may last, from its first byte in to its last byte out."""

_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"

Ready = Callable[[], str | None]
"""Returns None when the node is ready, else the one-line reason why it is not."""
Render = Callable[[], bytes]
"""Returns the metrics in Prometheus's text format."""


class Pages:
    """The three pages; ``respond`` is the whole server but for the sockets."""

    def __init__(self, ready: Ready, metrics: Render) -> None:
        self._ready = ready
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
            return _line(HTTPStatus.BAD_REQUEST, "That is no HTTP/1.1 request.")
        method, target, _ = words
        row = self._rows.get(_path(target))
        if row is None:
            return _line(HTTPStatus.NOT_FOUND, f"There are {', '.join(self._rows)}.")
        if method not in ("GET", "HEAD"):
            return _line(HTTPStatus.METHOD_NOT_ALLOWED, "GET or HEAD.", "Allow: GET, HEAD\r\n")
        try:
            response = row()
        except Exception:
            # A fault in a page must not take the chat down, nor hide.
            _log.exception("a page failed", extra={"path": _path(target)})
            response = _line(HTTPStatus.INTERNAL_SERVER_ERROR, "The page failed; see the log.")
        if method == "HEAD":
            return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return response

    def _readyz(self) -> bytes:
        reason = self._ready()
        if reason is None:
            return _line(HTTPStatus.OK, "ready")
        return _line(HTTPStatus.SERVICE_UNAVAILABLE, " ".join(reason.split()))


class HttpConnection(asyncio.Protocol):
    """One connection: reads a head, answers it, closes."""

    def __init__(self, pages: Pages, open_ones: set["HttpConnection"], life: float) -> None:
        self._pages = pages
        self._open_ones = open_ones
        self._life = life
        self._head = b""
        self._answered = False
        self._transport: asyncio.Transport
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, or hang up at once when there are too many connections."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self._open_ones) >= CONNECTIONS_MOST:
            self._transport.abort()
            return
        self._open_ones.add(self)
        loop = asyncio.get_running_loop()
        self._end = loop.call_later(self._life, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer once the head is there, or is longer than it may be."""
        if self._answered:
            return
        # The end may have been cut in two: look again at the last three bytes.
        start = max(len(self._head) - 3, 0)
        self._head += data
        ends = [
            index + len(mark)
            for mark in (b"\r\n\r\n", b"\n\n")
            if (index := self._head.find(mark, start)) >= 0
        ]
        end = min(ends, default=len(self._head))
        if end > HEAD_MOST:
            self._answer(_line(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "8 KiB at most."))
        elif ends:
            self._answer(self._pages.respond(self._head[:end]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another one."""
        self._open_ones.discard(self)
        if self._end is not None:
            self._end.cancel()

    def _answer(self, response: bytes) -> None:
        self._answered = True
        self._head = b""
        self._transport.write(response)
        self._transport.close()


async def listen(
    host: str | list[str], port: int, ready: Ready, metrics: Render, *, life: float = LIFE_MOST
) -> asyncio.Server:
    """Return a server of the pages that listens already.

    ``life`` is in seconds. Raises OSError when the address cannot be had.
    """
    pages = Pages(ready, metrics)
    open_ones: set[HttpConnection] = set()
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: HttpConnection(pages, open_ones, life), host, port)


def _path(target: str) -> str:
    """Return the path of a request's target, which may name the host as well (section 3.2.2)."""
    scheme, mark, rest = target.partition("://")
    if mark and scheme.lower() in ("http", "https"):
        target = "/" + rest.partition("/")[2]
    return target.partition("?")[0]


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
