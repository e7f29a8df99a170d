"""Attacks by few requests that cost much: rooms that hold a lot, and places that no log knows."""

import asyncio
import itertools
import json
import os
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from tests.labs.abuse.names import Event, Speaker
from tests.labs.abuse.stranger import CONNECT_WITHIN, Pit, Stranger
from wire import limits

FULL = 10
"""Rooms that each filling session fills."""
ROOMS = [f"full-{n}" for n in range(50)]
"""All that one session may be in, see ``fill``."""
TEXT = 4000
AT_ONCE = 50
NOWHERE = "zz-5-zz"
"""A position that no log knows."""


def _line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


async def _speak(
    work: Callable[[Pit, int, Speaker], Coroutine[Any, Any, None]], pit: Pit, number: int
) -> None:
    """Let a speaker work on one connection after the other."""
    while pit.going_on:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                reader, writer = await asyncio.open_connection(
                    pit.host, pit.port, limit=limits.NODE_LINE + 1, local_addr=pit.source(number)
                )
        except (OSError, TimeoutError) as error:
            pit.met[type(error).__name__] += 1
            await pit.rest(0.2, 0.5)
            continue
        pit.tried["connections"] += 1
        try:
            await work(pit, number, Speaker(pit, reader, writer))
        except (OSError, TimeoutError) as error:
            pit.met[type(error).__name__] += 1
        finally:
            writer.transport.abort()
        await pit.rest(0.0, 0.1)


async def fill(pit: Pit) -> None:
    """Fill rooms once, as fast as it goes; for a node that limits nobody."""
    await pit.each(_fill)


async def _fill(pit: Pit, number: int) -> None:
    reader, writer = await asyncio.open_connection(pit.host, pit.port, limit=limits.NODE_LINE + 1)
    rooms = [f"full-{number * FULL + n}" for n in range(FULL)]
    writer.write(_line(type="hello", nick=f"filler-{number}", rooms=rooms))
    for start in range(0, pit.size, AT_ONCE):
        for room in rooms:
            for n in range(start, start + AT_ONCE):
                writer.write(_line(type="send", room=room, text="x" * TEXT, id=f"{room}-{n}"))
            answered = 0
            while answered < AT_ONCE and pit.going_on:
                if not (line := await reader.readline()):
                    pit.met["closed"] += 1
                    return
                answered += b'"type":"ack"' in line or b'"type":"error"' in line
                pit.tried["messages"] += b'"type":"ack"' in line
    writer.write(_line(type="quit"))
    await reader.read()
    writer.close()


async def positions(pit: Pit) -> None:
    """A hello with a position for each room that its log does not know, again and again."""
    await pit.each(_positions)


async def _positions(pit: Pit, number: int) -> None:
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            nick = f"positions-{number}-{again}"
            places = dict.fromkeys(ROOMS, NOWHERE)
            stranger.write(_line(type="hello", nick=nick, rooms=ROOMS, positions=places))
            pit.tried["hellos"] += 1
            await stranger.until_gone(pit.rng.uniform(1.0, 3.0))
            stranger.transport.abort()
        await pit.rest(0.0, 0.2)


async def nowhere(pit: Pit) -> None:
    """Ask for history before and after a place that no log knows, as fast as it is answered."""
    await pit.each(partial(_speak, _nowhere))


async def _nowhere(pit: Pit, number: int, speaker: Speaker) -> None:
    room = ROOMS[number % FULL]
    await speaker.ask("hello", nick=f"nowhere-{number}-{pit.rng.getrandbits(32):x}", rooms=[room])
    while pit.going_on:
        where = pit.rng.choice(("before", "after"))
        await speaker.ask("history", room=room, limit=1, **{where: NOWHERE})
        speaker.others.clear()


async def resume(pit: Pit) -> None:
    """Honest clients that come back to rooms that have gone on without them, all at once.

    They know places that were trimmed, and want what is kept since: that is theirs to have.
    """
    await pit.each(_resume)


async def _resume(pit: Pit, number: int) -> None:
    rooms = [ROOMS[(number + n) % len(ROOMS)] for n in range(FULL)]
    key = f"resumer-{number}-{os.urandom(16).hex()}"
    for again in itertools.count():
        if not pit.going_on:
            return
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            places = dict.fromkeys(rooms, NOWHERE)
            hello = {"nick": f"resumer-{number}", "key": key, "attempt": again + 1}
            stranger.write(_line(type="hello", rooms=rooms, positions=places, **hello))
            pit.tried["hellos"] += 1
            await stranger.until_gone(pit.rng.uniform(3.0, 6.0))
            stranger.transport.abort()
        await pit.rest(0.0, 0.5)


async def nicks(pit: Pit) -> None:
    """Sessions in 50 rooms that take another nick as often as they may."""
    await pit.each(partial(_speak, _nicks))


async def _nicks(pit: Pit, number: int, speaker: Speaker) -> None:
    name = f"nicks-{number}-{pit.rng.getrandbits(32):x}"
    await speaker.ask("hello", nick=name, rooms=[f"crowd-{n}" for n in range(50)])
    for again in itertools.count():
        if not pit.going_on:
            return
        await speaker.ask("nick", nick=f"{name}-{again}")
        speaker.others.clear()


async def comers(pit: Pit) -> None:
    """A hello without a key for 50 rooms, and no more: each one enters, and leaves, 50 times."""
    await pit.each(partial(_speak, _comers))


async def _comers(pit: Pit, number: int, speaker: Speaker) -> None:
    name = f"comers-{number}-{pit.rng.getrandbits(32):x}"
    await speaker.ask("hello", nick=name, rooms=[f"crowd-{n}" for n in range(50)])


async def stuff(pit: Pit) -> None:
    """Sessions that fill Redis: long messages to rooms of their own, as many as they may."""
    await pit.each(partial(_speak, _stuff))


async def _stuff(pit: Pit, number: int, speaker: Speaker) -> None:
    rooms = [f"stuff-{number}-{n}" for n in range(5)]
    name = f"stuff-{number}-{pit.rng.getrandbits(32):x}"
    if (await speaker.ask("hello", nick=name, rooms=rooms))["type"] == "error":
        return
    for again in itertools.count():
        if not pit.going_on:
            return
        text, id = "x" * TEXT, f"{again}-{pit.rng.getrandbits(64):x}"
        answer = await speaker.ask("send", room=rooms[again % 5], text=text, id=id)
        if answer["type"] == "error":
            await pit.rest(0.2, 0.5)
        speaker.others.clear()


async def rings(pit: Pit) -> None:
    """Four sessions, in 50 rooms each, that say nothing while others fill these."""
    await pit.each(_rings)


async def _rings(pit: Pit, number: int) -> None:
    rooms = [f"full-{number * len(ROOMS) + n}" for n in range(len(ROOMS))]
    while pit.going_on:
        stranger = Stranger(pit)
        if await pit.connect(number, stranger):
            stranger.write(_line(type="hello", nick=f"rings-{number}", rooms=rooms))
            await stranger.until_gone(1e9)
        await pit.rest(0.2, 0.5)


async def guess(pit: Pit) -> None:
    """Guess an account's password, five times on each connection."""
    await pit.each(partial(_speak, _guess))


async def _guess(pit: Pit, number: int, speaker: Speaker) -> None:
    for _ in range(5):
        if not pit.going_on:
            return
        pit.tried["guesses"] += 1
        wrong = os.urandom(6).hex()
        answer: Event = await speaker.ask("hello", nick=OWNER, password=wrong)
        if answer["type"] == "welcome":
            pit.met["wrong: a guess was right"] += 1
        await pit.rest(0.2, 0.3)


OWNER, PASSWORD = "owner", "right"
"""The account that is guessed at."""
