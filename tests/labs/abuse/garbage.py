"""Attacks by bytes: noise, lines that are nearly right, JSON that is dear to read."""

import asyncio
import itertools
import json
import zlib

from tests.labs.abuse.stranger import Pit, Stranger
from tests.labs.fuzz import mutate
from wire import limits

HUGE = 8 * 1024 * 1024
"""Bytes of a line that has no end."""


def _hello(nick: str) -> bytes:
    hello = {"type": "hello", "nick": nick, "rooms": ["noise"]}
    return json.dumps(hello).encode() + b"\n"


async def noise(pit: Pit) -> None:
    """Random bytes, and mutated lines of the protocol, at the start of a session or within it."""
    seeds = mutate.corpus()
    # What would reach the honest ones' rooms by itself: a hello without `rooms` is in general,
    # and they are elsewhere.

    async def work(pit: Pit, number: int) -> None:
        for again in itertools.count():
            if not pit.going_on:
                return
            stranger = Stranger(pit)
            if await pit.connect(number, stranger):
                if pit.rng.random() < 0.6:
                    stranger.write(_hello(f"noise-{number}-{again}"))
                await _noise(pit, stranger, seeds)
                stranger.transport.abort()
            await pit.rest(0.0, 0.05)

    await pit.each(work)


async def _noise(pit: Pit, stranger: Stranger, seeds: list[bytes]) -> None:
    for _ in range(pit.rng.choice((1, 5, 50))):
        if not (stranger.open and pit.going_on):
            return
        if pit.rng.random() < 0.2:
            data = pit.rng.randbytes(pit.rng.choice((1, 20, 500, 5000)))
        else:
            data = mutate.mutated(pit.rng, seeds)
        stranger.write(data + b"\n" * pit.rng.randrange(2))
        pit.tried["streams"] += 1
        await stranger.pushed()
        await asyncio.sleep(0.005)


def dear() -> dict[str, bytes]:
    """Return lines that are meant to cost much to read, or to remember."""
    most = limits.LINE
    start = b'{"type":"send","room":"noise","text":"a","a":'
    rest = most - len(start) - 1

    def filled(unit: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
        count = (rest - len(before) - len(after)) // len(unit)
        return start + before + unit * count + after + b"}"

    return {
        "deep lists": start + b"[" * (rest // 2) + b"]" * (rest // 2) + b"}",
        "deep objects": start + b'{"a":' * 2600 + b"1" + b"}" * 2601,
        "just deep enough": start + b"[" * 900 + b"]" * 900 + b"}",
        "deep, unknown type": b'{"type":"x","a":' + b"[" * 900 + b"]" * 900 + b"}",
        "unclosed": b"[" * most,
        "wide list": filled(b"0,", b"[", b"0]"),
        "wide objects": filled(b"{},", b"[", b"0]"),
        "same field": b'{"type":"ping"' + b',"a":0' * 2700 + b"}",
        "many digits": filled(b"9"),
        "wrong, many digits": b'{"type":"join","room":"noise","history":' + b"9" * 16_000 + b"}",
        "exponent": filled(b"9", b"", b"e999999999"),
        "escapes": filled(b"\\u0000", b'"', b'"'),
        "surrogates": filled(b"\\ud800", b'"', b'"'),
        "marks": '{{"type":"create","room":"a{}"}}'.format("\u0301" * 8000).encode(),
        "rooms": json.dumps(
            {"type": "hello", "nick": "x", "rooms": [f"{n:x}" for n in range(1600)]}
        ).encode(),
        "positions": json.dumps(
            {"type": "hello", "nick": "x", "positions": {f"{n:x}": "k-1-x" for n in range(1000)}}
        ).encode(),
        "too long": b"x" * (most + 1),
        "white space": b" " * most,
    }


async def deep(pit: Pit) -> None:
    """Deep and huge JSON, a line as soon as the one before has been read; and lines without end."""
    lines = list(dear().values())
    many = [line + b"\n" for line in lines]

    async def work(pit: Pit, number: int) -> None:
        for again in itertools.count():
            if not pit.going_on:
                return
            stranger = Stranger(pit)
            if await pit.connect(number, stranger):
                if number % 3:
                    stranger.write(_hello(f"deep-{number}-{again}"))
                if number % 5 == 4:
                    await _endless(pit, stranger)
                else:
                    await _dear(pit, stranger, many, again + zlib.crc32(b"%d" % number))
                stranger.transport.abort()
            await pit.rest(0.0, 0.1)

    await pit.each(work)


async def _dear(pit: Pit, stranger: Stranger, many: list[bytes], first: int) -> None:
    for number in itertools.count(first):
        if not (stranger.open and pit.going_on):
            return
        stranger.answered.clear()
        stranger.write(many[number % len(many)] * 4)
        pit.tried["lines"] += 4
        await stranger.pushed()
        await asyncio.sleep(0.001)


async def _endless(pit: Pit, stranger: Stranger) -> None:
    pit.tried["lines without end"] += 1
    for _ in range(HUGE // 65536):
        if not (stranger.open and pit.going_on):
            return
        stranger.write(b"x" * 65536)
        await stranger.pushed()
