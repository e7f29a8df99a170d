"""Requests and responses of HTTP/1.1 (RFC 9112), as far as the web port needs them. No I/O."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import SecurityError
from websockets.http11 import Request

__all__ = ["BadRequest", "Headers", "Request", "Response", "head_end", "parse_head"]

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """A response; ``text`` and ``body`` exclude each other. ``close``: no request may follow."""

    status: HTTPStatus
    text: str = ""
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    close: bool = False

    def encode(self, common: Mapping[str, str], with_body: bool = True) -> bytes:
        """Return the bytes; ``common`` are the header fields that each response has."""
        body = f"{self.text}\n".encode() if self.text else self.body
        fields = dict(common)
        if self.status is not HTTPStatus.NOT_MODIFIED:  # it would be the length of the file
            fields["Content-Length"] = str(len(body))
        if self.text:
            fields["Content-Type"] = _TEXT
            fields["Cache-Control"] = "no-store"
        own = self.headers or {}
        options = [each["Connection"] for each in (common, own) if "Connection" in each]
        if self.close and "close" not in options:
            options.append("close")
        fields |= own
        if options:
            fields["Connection"] = ", ".join(options)
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n{lines}\r\n"
        return head.encode("latin-1") + (body if with_body else b"")


class BadRequest(ValueError):
    """What was received is no request; its ``response`` ends the connection."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.response = Response(status, text, close=True)


def head_end(data: bytes | bytearray, start: int = 0) -> int:
    """Return where the first head in ``data`` ends, -1 if it is not complete."""
    end = data.find(b"\r\n\r\n", start)
    return -1 if end < 0 else end + 4


def parse_head(head: bytes) -> Request:
    """Return the request of a complete head. Raises BadRequest."""
    first = head.partition(b"\r\n")[0].split(b" ")
    if len(first) == 3 and first[2] in (b"HTTP/1.0", b"HTTP/2.0"):
        raise BadRequest(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "This port speaks HTTP/1.1.")
    lines = iter(head.splitlines(keepends=True))
    try:
        request = _run(Request.parse(lambda _most, _error: _line(lines)))
    except (SecurityError, EOFError, ValueError, NotImplementedError) as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, f"Not an HTTP request: {error}.") from None
    return request


def _line(lines: Iterator[bytes]) -> Generator[None, None, bytes]:
    """Return the next line, as a generator, because the library asks for one."""
    yield from ()
    return next(lines, b"")


def _run(parser: Generator[None, None, Request]) -> Request:
    try:
        next(parser)
    except StopIteration as end:
        request: Request = end.value
        return request
    raise EOFError("it is not complete")
