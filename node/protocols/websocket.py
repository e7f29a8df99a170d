"""The native protocol over WebSocket: the same lines, in text frames (RFC 6455, section 5.2)."""

from collections.abc import Sequence
from struct import pack

from node.protocols.native import NativeEncoder, Record
from wire import codec
from wire.errors import REASONS, Reason
from wire.messages import Event, Request

_TEXT, _CLOSE = 0x81, 0x88  # FIN and the opcode
_SHORT_MOST, _MEDIUM_MOST = 125, 65535


def text(lines: bytes) -> bytes:
    """Return lines as one text frame of a server: unmasked, not fragmented.

    Written here and not by a library because it runs for each frame of a room.
    """
    size = len(lines)
    if size <= _SHORT_MOST:
        return b"%c%c%b" % (_TEXT, size, lines)
    if size <= _MEDIUM_MOST:
        return pack("!BBH", _TEXT, 126, size) + lines
    return pack("!BBQ", _TEXT, 127, size) + lines


def goodbye(reason: Reason | None) -> bytes:
    """Return the close frame that ends a connection after its `bye`."""
    if reason is None:
        return b"%c%c" % (_CLOSE, 0)
    return pack("!BBH", _CLOSE, 2 + len(reason), REASONS[reason].close_code) + reason.encode()


def _event(message: Event | Request) -> bytes:
    return text(codec.encode(message))


class WebSocketEncoder(NativeEncoder):
    """Encodes for clients that are connected over WebSocket."""

    event = staticmethod(_event)

    def entries(self, room: str, epoch: bytes, entries: Sequence[Record]) -> bytes:
        """Return one frame with a line for each entry; nothing if there are no entries."""
        lines = super().entries(room, epoch, entries)
        return text(lines) if lines else b""
