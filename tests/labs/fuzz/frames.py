"""Lines in frames of WebSocket with things wrong with them, and the frames of a node read."""

from random import Random

from wire.errors import REASONS, Reason

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_CLOSES = (
    b"",
    b"\x03",
    b"\x03\xe8",
    b"\x03\xe8done",
    b"\x03\xed",
    b"\x0f\xa0\xff",
    b"\x03\xe8" * 62,
)


def frame(rng: Random, data: bytes, opcode: int, is_final: bool = True) -> bytes:
    """Return a frame as a client sends it; now and then its length is longer than it has to be."""
    size, mask = len(data), rng.choice((bytes(4), rng.randbytes(4)))
    if size < 126 and rng.random() < 0.95:
        length = bytes([_MASKED | size])
    elif size < 1 << 16 and rng.random() < 0.95:
        length = bytes([_MASKED | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([_MASKED | 127]) + size.to_bytes(8, "big")
    body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
    return bytes([opcode | (_FINAL if is_final else 0)]) + length + mask + body


def framed(rng: Random, data: bytes, wrong: float = 0.02) -> bytes:
    """Return lines in frames, some of them in fragments with control frames between.

    ``wrong`` is the share of frames that are not as they should be.
    """
    frames = []
    for message in _messages(rng, data):
        parts = [message]
        while len(parts[-1]) > 1 and rng.random() < 0.2:
            last = parts.pop()
            cut = rng.randrange(len(last))
            parts += [last[:cut], last[cut:]]
        for number, part in enumerate(parts):
            opcode = CONTINUED if number else TEXT
            frames.append(frame(rng, part, opcode, number == len(parts) - 1))
            if rng.random() < 0.1:
                frames.append(
                    frame(rng, rng.randbytes(rng.choice((0, 5, 125))), PING + rng.randrange(2))
                )
    if rng.random() < 0.3:
        frames.append(frame(rng, rng.choice(_CLOSES), CLOSE))
    return b"".join(_spoilt(rng, each) if rng.random() < wrong else each for each in frames)


def _messages(rng: Random, data: bytes) -> list[bytes]:
    """Return lines, some of them together in one message."""
    messages: list[bytes] = []
    for line in data.split(b"\n"):
        if messages and rng.random() < 0.2:
            messages[-1] += b"\n" + line
        else:
            messages.append(line)
    return messages


def _spoilt(rng: Random, data: bytes) -> bytes:
    """Return a frame that breaks a rule, or the one after it does."""
    first, second, rest = data[0], data[1], data[2:]
    return rng.choice(
        (
            bytes([first ^ rng.choice((0x10, 0x20, 0x40, 0x80)), second]) + rest,
            bytes([first & 0xF0 | rng.randrange(16), second]) + rest,
            bytes([first, second ^ _MASKED]) + rest,
            bytes([first, _MASKED | rng.randrange(128)]) + rest,
            bytes([first, _MASKED | 127]) + rng.randbytes(8) + rest,
            data[: rng.randrange(len(data))],
            data * rng.choice((2, 300)),
            frame(rng, rng.choice(_CLOSES), CLOSE),
            frame(rng, b"", CONTINUED, False) * 200,
            frame(rng, b"x" * 126, PING),
        )
    )


def unframed(data: bytes) -> tuple[bytes, bytes | None]:
    """Return the lines in the frames of a node, and what its close frame says, if there is one.

    Raises ValueError if they are not what a node may send.
    """
    lines: list[bytes] = []
    at = 0
    while at < len(data):
        opcode, size = data[at], data[at + 1]
        at += 2
        for mark, bytes_of in ((126, 2), (127, 8)):
            if size == mark:
                size = int.from_bytes(data[at : at + bytes_of], "big")
                at += bytes_of
                break
        body, at = data[at : at + size], at + size
        if len(body) != size:
            raise ValueError("a frame is cut off")
        if opcode == _FINAL | CLOSE:
            if at != len(data):
                raise ValueError("something follows the close frame")
            return b"".join(lines), body
        if opcode == _FINAL | TEXT:
            if not body.endswith(b"\n"):
                raise ValueError("a frame ends in the middle of a line")
            body.decode()
            lines.append(body)
        elif opcode != _FINAL | PONG or size > 125:
            raise ValueError(f"a frame begins with {opcode:#x}")
    return b"".join(lines), None


def farewell(reason: Reason) -> bytes:
    """Return what the close frame says after a goodbye."""
    return REASONS[reason].close_code.to_bytes(2, "big") + reason.encode()
