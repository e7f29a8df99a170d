"""Attacks on the web port: on its requests, and on what comes after the upgrade."""

import json
from functools import partial
from itertools import cycle

from tests.labs.abuse.idlers import FOREVER
from tests.labs.abuse.stranger import Pit, Stranger
from tests.labs.abuse.talkers import flood_alone, requests_of
from tests.support.framed import CONTINUED, TEXT, frame

TURN = 500
"""Frames or requests that a stranger hands over at a time."""
PING = 0x9
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG_HEAD = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000


async def upgrades(pit: Pit) -> None:
    """Connections that upgrade, and then say nothing."""
    await pit.each(_upgrades)


async def _upgrades(pit: Pit, number: int) -> None:
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            stranger.write(UPGRADE)
            await stranger.until_gone(FOREVER)
        await pit.rest(0.5, 2.0)


async def heads(pit: Pit) -> None:
    """Connections that send a request a byte a second: one without end, or one after another."""
    await pit.each(_heads)


async def _heads(pit: Pit, number: int) -> None:
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            for byte in LONG_HEAD if number % 2 else cycle(REQUEST):
                if not (stranger.open and pit.going_on):
                    break
                stranger.write(bytes([byte]))
                await stranger.until_gone(1.0)
        await pit.rest(0.2, 1.0)


async def requests(pit: Pit) -> None:
    """Requests without end, whose responses are not read by every other stranger."""
    await pit.each(_requests)


async def _requests(pit: Pit, number: int) -> None:
    await _pour(pit, number, b"", REQUEST, deaf=number % 2 == 0)


async def fragments(pit: Pit) -> None:
    """Messages whose last fragment never comes, in empty fragments or in long ones."""
    await pit.each(_fragments)


async def _fragments(pit: Pit, number: int) -> None:
    size = (0, 1, 1000)[number % 3]
    first = frame(b"", TEXT, is_final=False)
    part = frame(b" " * size, CONTINUED, is_final=False)
    await _pour(pit, number, UPGRADE + _hello(pit) + first, part)


async def flood(pit: Pit) -> None:
    """Sessions that send all kinds of requests, each in a frame, as fast as they can."""
    await pit.each(partial(flood_alone, requests_of, opening=UPGRADE, put=frame))


async def pings(pit: Pit) -> None:
    """Ping frames without end, whose pongs are not read by every other stranger."""
    await pit.each(_pings)


async def _pings(pit: Pit, number: int) -> None:
    ping = frame(b"x" * (0, 125)[number % 2], PING)
    await _pour(pit, number, UPGRADE + _hello(pit), ping, deaf=number % 4 > 1)


async def _pour(pit: Pit, number: int, opening: bytes, part: bytes, deaf: bool = False) -> None:
    """Send parts as fast as they are taken, on one connection after the other."""
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            if deaf:
                stranger.transport.pause_reading()
            stranger.write(opening)
            while stranger.open and pit.going_on:
                stranger.write(part * TURN)
                pit.tried["parts"] += TURN
                await stranger.pushed()
                await pit.rest(0.0, 0.01)
            stranger.transport.abort()
        await pit.rest(0.1, 0.5)


def _hello(pit: Pit) -> bytes:
    nick = f"web-{pit.rng.getrandbits(64):x}"
    return frame(json.dumps({"type": "hello", "nick": nick, "rooms": ["web"]}).encode())
