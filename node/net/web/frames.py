"""Cuts what a WebSocket client sends into lines; pings are answered here."""

import logging

from websockets import protocol as ws
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode

from node.net.dialect import Outlet, PeerClosed
from wire import limits
from wire.errors import Code, WireError

try:
    from websockets.speedups import apply_mask
except ImportError:  # a build without its part in C
    from websockets.utils import apply_mask

MESSAGE_MOST = limits.LINE + 2
"""Longest message of a client in bytes, all its fragments together: a line and its end."""
PARTS_MOST = 64
"""Fragments that are kept apart; then they are joined, because each costs 33 bytes more."""
TURN_MOST = 2 * 1024
"""Bytes handled for one client before others have their turn: 340 of the shortest frames, which
take 2.5 ms. The system hands over 256 KiB at once, and those would take a third of a second."""

_WHOLE_TEXT, _MASKED, _SIZE_FOLLOWS = 0x81, 0x80, 126

# The library logs the frames themselves at the level of debugging, which a node must not do.
_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL)


class FrameReader:
    """Reads the frames of one client (RFC 6455).

    Between two calls it keeps one message at most, and the rest of what was received at once.
    The library reads the frames; but nearly every read brings one text frame and nothing else,
    which is read here, in a sixth of the time. Many clients never need the library's 1.1 KB.
    """

    __slots__ = ("_outlet", "_protocol", "_unread", "_parts", "_rest")

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._protocol: ws.Protocol | None = None
        # Bytes that the library was given, less those of its frames if each was as short as it can
        # be: none only if it has read all of them, and so is at the beginning of a frame.
        self._unread = 0
        self._parts: list[bytes] = []
        self._rest = b""

    def feed(self, data: bytes) -> tuple[list[bytes], WireError | PeerClosed | None]:
        """Return the lines that ``data`` completes, and what ends the connection, if anything.

        Not to be called again after that.
        """
        if self._rest or len(data) > TURN_MOST:
            data = self._cut(self._rest + data)
        if not self._unread and not self._parts and (alone := _text_alone(data)) is not None:
            lines: list[bytes] = []
            return lines, self._take(alone, True, lines)
        return self._read(data) if data else ([], None)

    def _read(self, data: bytes) -> tuple[list[bytes], WireError | PeerClosed | None]:
        """Let the library read frames."""
        protocol = self._protocol or self._begin()
        protocol.receive_data(data)
        self._unread += len(data)
        lines: list[bytes] = []
        others = 0
        for frame in protocol.events_received():
            assert isinstance(frame, Frame)
            self._unread -= _least_size(len(frame.data))
            if frame.opcode is Opcode.CLOSE:
                return lines, PeerClosed(b"".join(protocol.data_to_send()))
            if frame.opcode is Opcode.BINARY:
                return lines, _refusal("Binary frames are not understood: send text.")
            if frame.opcode in (Opcode.PING, Opcode.PONG) or not frame.fin:
                others += 1
            if frame.opcode in (Opcode.TEXT, Opcode.CONT):
                fault = self._take(bytes(frame.data), frame.fin, lines)
                if fault is not None:
                    return lines, fault
        if (error := protocol.parser_exc) is not None:
            return lines, _fault(error)
        for pong in protocol.data_to_send():
            self._outlet.write(pong)
        if others:
            self._outlet.charge(others)
        return lines, None

    def _begin(self) -> ws.Protocol:
        self._protocol = ws.Protocol(
            ws.Side.SERVER, state=ws.State.OPEN, max_size=MESSAGE_MOST, logger=_silent
        )
        return self._protocol

    def _cut(self, data: bytes) -> bytes:
        """Return what is handled in this turn, and keep the rest."""
        self._rest = data[TURN_MOST:]
        self._outlet.keep(bool(self._rest))
        return data[:TURN_MOST]

    def _take(self, data: bytes, is_last: bool, lines: list[bytes]) -> WireError | None:
        """Add the lines of a message that is complete."""
        if self._parts or not is_last:
            self._parts.append(data)
            if not is_last:
                if len(self._parts) > PARTS_MOST:
                    self._parts = [b"".join(self._parts)]
                return None
            data = b"".join(self._parts)
            self._parts = []
        if not data.isascii():
            try:
                data.decode()
            except UnicodeDecodeError:
                return _refusal("A text message is not valid UTF-8.")
        for line in data.removesuffix(b"\n").split(b"\n"):
            line = line.removesuffix(b"\r")
            if len(line) > limits.LINE:
                return _too_long()
            lines.append(line)
        return None


def _text_alone(data: bytes) -> bytes | None:
    """Return the text if the bytes are one whole text frame, unfragmented and masked."""
    received = len(data)
    if received < 6 or data[0] != _WHOLE_TEXT:
        return None
    size, start = data[1] - _MASKED, 6
    if size == _SIZE_FOLLOWS and received >= 8:
        size, start = data[2] << 8 | data[3], 8
    elif size >= _SIZE_FOLLOWS:
        return None
    if size + start != received:
        return None
    return apply_mask(data[start:], data[start - 4 : start])


def _least_size(size: int) -> int:
    """Return how long a client's frame is at least."""
    return size + (6 if size < _SIZE_FOLLOWS else 8)


def _fault(error: Exception) -> WireError:
    if isinstance(error, PayloadTooBig):
        return _too_long()
    return _refusal(f"Not a WebSocket frame of a client (RFC 6455): {error}.")


def _refusal(text: str) -> WireError:
    return WireError(Code.BAD_REQUEST, text, fatal=True)


def _too_long() -> WireError:
    return WireError(Code.LINE_TOO_LONG, f"A line is at most {limits.LINE} bytes long.", fatal=True)
