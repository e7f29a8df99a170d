"""How the lines of the protocol are put on the wire: as they are, or in frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from node.protocols.native import NativeEncoder
from wire import limits
from wire.errors import Reason, WireError
from wire.lines import LineReader


class PeerClosed(Exception):
    """The client has closed a WebSocket connection; ``echo`` is the frame that answers it."""

    def __init__(self, echo: bytes) -> None:
        super().__init__("the client closed the connection")
        self.echo = echo


class Outlet(Protocol):
    """The connection that a reader reads."""

    def write(self, data: bytes) -> None:
        """Queue bytes for the client."""

    def charge(self, count: int) -> None:
        """Count frames that contain no complete line as lines."""

    def keep(self, is_rest: bool) -> None:
        """Note whether the reader keeps bytes that are to be handled in a turn of their own."""


class Reader(Protocol):
    """Cuts what a client sends into lines."""

    def feed(self, data: bytes) -> tuple[list[bytes], WireError | PeerClosed | None]:
        """Return the lines that ``data`` completes, and what ends the connection, if anything."""


def _nothing() -> None:
    """Count nothing."""


@dataclass(frozen=True)
class Dialect:
    """What differs between a TCP client and a WebSocket client.

    ``encoder`` makes bytes of events, ``reader`` makes the reader of one connection, ``goodbye``
    returns the bytes that end one. ``facts`` are for log lines; ``opened`` and ``closed`` are told
    of each connection.
    """

    encoder: NativeEncoder
    reader: Callable[[Outlet], Reader]
    goodbye: Callable[[Reason | None], bytes]
    facts: Mapping[str, object] = field(default_factory=dict)
    opened: Callable[[], None] = _nothing
    closed: Callable[[], None] = _nothing


NATIVE = Dialect(
    encoder=NativeEncoder(),
    reader=lambda _outlet: LineReader(limits.LINE),
    goodbye=lambda _reason: b"",
)
"""Lines over TCP."""
