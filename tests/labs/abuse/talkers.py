"""Attacks by sessions that say as much as they can, and by ones that do not listen."""

import asyncio
import itertools
import json
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.labs.abuse.stranger import Pit, Stranger

TURN = 64
"""Requests that a flooding connection hands over at a time."""
TALKERS, PER_SECOND, TEXT = 20, 15, 4000
"""Who talks while one does not read, how often each in a second, and how many bytes each time:
below the rate that sessions are allowed, and 1.2 MB a second in all."""
LONG = 20
"""Long messages of each session that then asks for pages; ten are in a room."""


def _line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


async def flood(pit: Pit) -> None:
    """Sessions that send all kinds of requests, each as fast as it can."""
    await pit.each(partial(flood_alone, requests_of))


async def pages(pit: Pit) -> None:
    """Sessions that ask for the longest pages of a room's past: what costs a node most."""
    await pit.each(partial(flood_alone, _pages))


async def flood_alone(
    said: "Said",
    pit: Pit,
    number: int,
    opening: bytes = b"",
    put: Callable[[bytes], bytes] = bytes,
) -> None:
    """Be one of those sessions; ``put`` makes of a line what goes on the wire."""
    room = f"flood-{number % 10}"
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        nick = f"flood-{number}-{again}"
        if await pit.connect(number, stranger):
            stranger.write(opening + put(_line(type="hello", nick=nick, rooms=[room])))
            requests = said(number, room, nick)
            while stranger.open and pit.going_on:
                stranger.write(b"".join(map(put, itertools.islice(requests, TURN))))
                pit.tried["requests"] += TURN
                await stranger.pushed()
                await asyncio.sleep(0)
            stranger.transport.abort()
        await pit.rest(0.1, 0.5)


Said = Callable[[int, str, str], Iterator[bytes]]


def requests_of(number: int, room: str, nick: str) -> Iterator[bytes]:
    """Return what a session of a flood says, over and over.

    Each has a way of its own: messages, pings that no rate counts, pages of history, all of these.
    """
    messages = [_line(type="send", room=room, text="flood " * 20, id=f"f{n}") for n in range(8)]
    pings = [_line(type="ping", ref="p")]
    pages = [
        _line(type="history", room=room, limit=200),
        _line(type="rooms"),
        _line(type="members", room=room),
    ]
    changes = [
        *(_line(type="create", room=f"{nick}-{n}") for n in range(100)),
        *(_line(type="nick", nick=f"{nick}-{n}") for n in range(3)),
        *(_line(type="direct", to=f"flood-{n}-0", text="you") for n in range(10)),
        *(_line(type="leave", room=room), _line(type="join", room=room, history=200)),
    ]
    ways = (messages, pings, pages, changes, messages + pages + changes)
    return itertools.cycle(ways[number % len(ways)])


def _pages(number: int, room: str, nick: str) -> Iterator[bytes]:
    """Fill a room with long messages, and read them all, again and again."""
    for n in range(LONG):
        yield _line(type="send", room=room, text="x" * TEXT, id=f"p{n}")
    page = _line(type="history", room=room, limit=200)
    while True:
        yield page


async def deaf(pit: Pit) -> None:
    """Sessions that never read, in a room where others talk."""
    async with asyncio.TaskGroup() as tasks:
        for number in range(pit.count):
            tasks.create_task(_deaf(pit, number))
        for number in range(TALKERS):
            tasks.create_task(_talk(pit, number))


async def _deaf(pit: Pit, number: int) -> None:
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        own = socket.socket()
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        own.bind(pit.source(number))
        await asyncio.get_running_loop().sock_connect(own, (pit.host, pit.port))
        if await pit.connect(number, stranger, sock=own):
            stranger.transport.pause_reading()
            hello = _line(type="hello", nick=f"deaf-{number}-{again}", rooms=["deaf"])
            stranger.write(hello)
            # Whoever does not read cannot know that it is over, until what it writes comes back.
            while stranger.open and pit.going_on:
                stranger.write(_line(type="pong"))
                await stranger.until_gone(5.0)
            stranger.transport.abort()
        await pit.rest(0.5, 1.0)


async def _talk(pit: Pit, number: int) -> None:
    stranger = Stranger(pit)
    if not await pit.connect(number, stranger):
        return
    stranger.write(_line(type="hello", nick=f"talker-{number}", rooms=["deaf"]))
    line = _line(type="send", room="deaf", text="x" * TEXT)
    while stranger.open and pit.going_on:
        await stranger.until_gone(1 / PER_SECOND)
        stranger.write(line)
        pit.tried["messages"] += 1
