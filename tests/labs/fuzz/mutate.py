"""Turns good streams of protocol lines into nearly good ones: by bytes, by values, by lines."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

CORPUS = Path(__file__).parent / "corpus"

TYPES = "hello create join leave send direct nick rooms members history ping pong quit".split()
FIELDS = (
    "type ref "
    "id room text nick key attempt rooms positions history before after limit to kind token"
).split()
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 200, 201, 2**31, 2**53, -(2**63), 2**64, 1.5, 1e308, -0.0),
    *("", " ", "\n", "\0", "a", "@", "general", "General", "ａ", "é", "e\u0301", "\u202e", "ß"),
    *("x" * 64, "x" * 65, "é" * 32, "é" * 33, "x" * 4096, "x" * 4097, "\U0010ffff", "\ud800"),
    *("k1-1-x1", "k1-0-0", "k1-99999999999999999999-x", "-1--", "1-2-3-4", "chat:{c}:nicks"),
    *([], {}, [[]], ["a"] * 51, ["general", "general"], {"general": "k1-1-x1"}, {"@": "k1-0-0"}),
]
SCRAPS = [
    *(b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80"),
    *(b'"', b"\\", b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"{", b"}", b"[", b"]", b":", b","),
    *(b"NaN", b"Infinity", b"1e999", b"-0", b"9" * 400, b"null", b"[" * 600, b'{"a":' * 600),
    *(b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", b"\r\n\r\n\0\r\nQUIT\n", b"GET / HTTP/1.1\r\n\r\n"),
    *(b"\x16\x03\x01\x02\x00", b" " * 300),
]


def corpus() -> list[bytes]:
    """Return the kept inputs."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def mutated(rng: Random, seeds: Sequence[bytes], most: int = 20_000) -> bytes:
    """Return a seed with some things wrong with it."""
    data = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8))):
        data = rng.choice(_WAYS)(rng, data, seeds)[:most]
    return data


def _flip(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice((1, 2, 4, 16, 256)) :]


def _repeat(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(data) + 1)
    part = data[start : start + rng.choice((1, 4, 16, 128))]
    return data[:start] + part * rng.choice((2, 3, 20, 300)) + data[start:]


def _insert(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    scrap = rng.choice(SCRAPS) if rng.random() < 0.8 else rng.randbytes(rng.choice((1, 4, 40)))
    return data[:at] + scrap + data[at:]


def _splice(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = rng.choice(seeds)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _line(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Take a line away, double it, move it, or bring one in from elsewhere."""
    lines = data.split(b"\n")
    line = lines.pop(rng.randrange(len(lines)))
    if rng.random() < 0.5:
        line = rng.choice(rng.choice(seeds).split(b"\n"))
    for _ in range(rng.choice((0, 1, 1, 2, 100))):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _field(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Give a field of a request another value, or another name, or take it away."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    try:
        request = json.loads(lines[at])
    except (ValueError, RecursionError):
        return data
    if not isinstance(request, dict) or not request:
        return data
    name = rng.choice(sorted(request))
    way = rng.random()
    if way < 0.15:
        del request[name]
    elif way < 0.3:
        request[rng.choice(FIELDS)] = request.pop(name)
    elif way < 0.45:
        request["type"] = rng.choice(TYPES)
    else:
        request[rng.choice((name, rng.choice(FIELDS)))] = rng.choice(VALUES)
    text = json.dumps(request, ensure_ascii=rng.random() < 0.5)
    lines[at] = text.encode(errors="surrogatepass")
    return b"\n".join(lines)


_WAYS: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    *(_flip, _cut, _repeat, _insert, _splice),
    *(_line,) * 3,
    *(_field,) * 6,
)
