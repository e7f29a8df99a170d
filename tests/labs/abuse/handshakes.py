"""Attacks on a node that speaks TLS: no handshake, half of one, an endless one, and after it."""

import asyncio
import contextlib
import itertools
import json
import ssl

from tests.labs.abuse.stranger import Pit, Stranger

HELLO = json.dumps({"type": "hello", "nick": "tls", "rooms": ["tls"]}).encode() + b"\n"


def client_hello() -> bytes:
    """Return the first bytes of a real handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


_CLIENT_HELLO = client_hello()


async def tls(pit: Pit) -> None:
    """Everything that is not a good handshake, and garbage after a good one."""
    await pit.each(_tls)


async def _tls(pit: Pit, number: int) -> None:
    hello = _CLIENT_HELLO
    ways = {
        "plain text": HELLO * 10,
        "random bytes": pit.rng.randbytes(3000),
        "random record": b"\x16\x03\x01\x02\x00" + pit.rng.randbytes(512),
        "half a handshake": hello[: len(hello) // 2],
        "a handshake, then silence": hello,
        "a handshake, then garbage": hello + pit.rng.randbytes(5000),
        "nothing": b"",
    }
    names = [*ways, "a byte a second", "garbage within"]
    for again in itertools.count():
        if not pit.going_on:
            return
        name = names[(number + again) % len(names)]
        pit.tried[name] += 1
        stranger = Stranger(pit)
        if name == "garbage within":
            await _within(pit, number, stranger)
        elif await pit.connect(number, stranger):
            if name == "a byte a second":
                await _drip(pit, stranger, hello)
            else:
                stranger.write(ways[name])
                await stranger.until_gone(pit.rng.uniform(0.5, 20.0))
            stranger.transport.abort()
        await pit.rest(0.0, 0.2)


async def _drip(pit: Pit, stranger: Stranger, data: bytes) -> None:
    for byte in data:
        if not (stranger.open and pit.going_on):
            return
        stranger.write(bytes([byte]))
        await stranger.until_gone(1.0)


async def _within(pit: Pit, number: int, stranger: Stranger) -> None:
    """Shake hands, and say what is no line."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if await pit.connect(number, stranger, ssl=context):
        stranger.write(pit.rng.choice((HELLO, b"")) + pit.rng.randbytes(5000) + b"\n")
        await stranger.until_gone(5.0)
        stranger.transport.abort()
        await asyncio.sleep(0)
