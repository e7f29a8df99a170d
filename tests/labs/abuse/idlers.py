"""Attacks that do next to nothing, on many connections."""

import asyncio
import itertools
import json
import socket
import struct

from tests.labs.abuse.stranger import Pit, Stranger

FOREVER = 1e9
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for 0 s: closing sends RST, and nothing waits to be said."""


async def mute(pit: Pit) -> None:
    """Connections that never say hello; a new one for each that is closed."""
    await pit.each(_mute)


async def _mute(pit: Pit, number: int) -> None:
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            await stranger.until_gone(FOREVER)
        await pit.rest(0.5, 2.0)


async def drip(pit: Pit) -> None:
    """Connections that send a byte a second: of a hello that never ends, or of nothing at all."""
    await pit.each(_drip)


async def _drip(pit: Pit, number: int) -> None:
    line = [b'{"type":"hello","nick":"' + b"x" * 20_000, b" " * 20_000, b"\n" * 20_000][number % 3]
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            for byte in line:
                if not (stranger.open and pit.going_on):
                    break
                stranger.write(bytes([byte]))
                await stranger.until_gone(1.0)
        await pit.rest(0.2, 1.0)


async def crowd(pit: Pit) -> None:
    """One address opens all the connections that it can, each with a session and a room."""
    await pit.each(_crowd)


async def _crowd(pit: Pit, number: int) -> None:
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            hello = {"type": "hello", "nick": f"crowd-{number}-{again}", "rooms": ["crowd"]}
            stranger.write(json.dumps(hello).encode() + b"\n")
            await stranger.until_gone(FOREVER)
        await pit.rest(0.2, 1.0)


async def half_open(pit: Pit) -> None:
    """Connections that end in every wrong way, and some that stay and say nothing more."""
    await pit.each(_half_open)


async def _half_open(pit: Pit, number: int) -> None:
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            await _go_wrong(pit, stranger, number + again)
            stranger.transport.abort()
        await pit.rest(0.0, 0.5)


async def _go_wrong(pit: Pit, stranger: Stranger, way: int) -> None:
    hello = {"type": "hello", "nick": f"half-{pit.rng.getrandbits(64):x}", "rooms": ["half"]}
    line = json.dumps(hello).encode() + b"\n"
    ways = ["reset at once", "reset after hello", "reset in a line", "half closed"]
    ways += ["half closed after hello", "half closed in a line", "silent after hello"]
    what = ways[way % len(ways)]
    pit.tried[what] += 1
    if "hello" in what:
        stranger.write(line)
    elif "line" in what:
        stranger.write(line[:20])
    if what.startswith("reset"):
        await asyncio.sleep(pit.rng.choice((0.0, 0.05)))
        own: socket.socket = stranger.transport.get_extra_info("socket")
        if stranger.open:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    else:
        if what.startswith("half") and stranger.open:
            stranger.transport.write_eof()
        await stranger.until_gone(pit.rng.uniform(1.0, 10.0))
