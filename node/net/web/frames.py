"""Cuts what a WebSocket client sends into lines; pings are answered here."""

import logging

from websockets import protocol as ws
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode

from node.net.dialect import Outlet, PeerClosed
from wire import limits
from wire.errors import Code, WireError

MESSAGE_MOST = limits.LINE + 2
"""Longest message of a client in bytes, all its fragments together: a line and its end."""
PARTS_MOST = 64
"""Fragments that are kept apart; then they are joined, because each costs 33 bytes more."""
TURN_MOST = 2 * 1024
"""Bytes handled for one client before others have their turn: 340 of the shortest frames, which
take 2.5 ms. The system hands over 256 KiB at once, and those would take a third of a second."""

# The library logs the frames themselves at the level of debugging, which a node must not do.
_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL)


class FrameReader:
    """Reads the frames of one client (RFC 6455).

    Between two calls it keeps one message at most, and the rest of what was received at once.
    """

    __slots__ = ("_outlet", "_protocol", "_parts", "_rest")

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._protocol = ws.Protocol(
            ws.Side.SERVER, state=ws.State.OPEN, max_size=MESSAGE_MOST, logger=_silent
        )
        self._parts: list[bytes] = []
        self._rest = b""

    def feed(self, data: bytes) -> tuple[list[bytes], WireError | PeerClosed | None]:
        """Return the lines that ``data`` completes, and what ends the connection, if anything.

        Not to be called again after that.
        """
        if self._rest or len(data) > TURN_MOST:
            data = self._cut(self._rest + data)
        self._protocol.receive_data(data)
        lines: list[bytes] = []
        others = 0
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.CLOSE:
                return lines, PeerClosed(b"".join(self._protocol.data_to_send()))
            if frame.opcode is Opcode.BINARY:
                return lines, _refusal("Binary frames are not understood: send text.")
            if frame.opcode in (Opcode.PING, Opcode.PONG) or not frame.fin:
                others += 1
            if frame.opcode in (Opcode.TEXT, Opcode.CONT):
                fault = self._take(bytes(frame.data), frame.fin, lines)
                if fault is not None:
                    return lines, fault
        if (error := self._protocol.parser_exc) is not None:
            return lines, _fault(error)
        for pong in self._protocol.data_to_send():
            self._outlet.write(pong)
        if others:
            self._outlet.charge(others)
        return lines, None

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


def _fault(error: Exception) -> WireError:
    if isinstance(error, PayloadTooBig):
        return _too_long()
    return _refusal(f"Not a WebSocket frame of a client (RFC 6455): {error}.")


def _refusal(text: str) -> WireError:
    return WireError(Code.BAD_REQUEST, text, fatal=True)


def _too_long() -> WireError:
    return WireError(Code.LINE_TOO_LONG, f"A line is at most {limits.LINE} bytes long.", fatal=True)
