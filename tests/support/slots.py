"""Which keys scripts may touch: in a Redis Cluster, only those of the slot of their first key.

``watching`` asks the MONITOR of a real Redis what they touch; the simulation knows it by itself.
"""

import asyncio
import codecs
import contextlib
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from redis.crc import key_slot

from node.brokers import scripts

_TRIMMING = frozenset(("publish", "heal"))
"""Scripts that may touch the ids of any author of messages to their room."""

_ALL = frozenset(("DEL", "EXISTS"))
_NONE = frozenset(("TIME", "INFO"))
_TAG = re.compile(rb"\{([^}]+)\}")
_LINE = re.compile(rb"\+[\d.]+ \[\d+ (\S+)\] ")
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)


class Run(NamedTuple):
    """A script that was run: its name, the keys it declared, those that it touched."""

    script: str
    declared: Sequence[bytes]
    touched: set[bytes]


def keys_of(command: str, args: Sequence[bytes]) -> Sequence[bytes]:
    """Return the keys of a command that a script makes, or the shard channel of SPUBLISH."""
    if command in _NONE:
        return ()
    return args if command in _ALL else args[:1]


def faults(run: Run) -> list[str]:
    """Return what is wrong with the keys of a script that was run."""
    script, declared, touched = run
    slots = {_slot(key) for key in declared}
    found = []
    if len(slots) > 1:
        found.append(f"{script} declares keys of several slots: {declared!r}")
    if declared and not declared[-1].endswith(b"}:never"):
        found.append(f"{script} does not declare the key that nobody writes as its last one")
    for key in sorted(touched):
        if key.endswith(b"}:never"):
            found.append(f"{script} touches {key!r}, which nobody may write")
        elif key in declared:
            continue
        elif declared and _tag(key) == _tag(declared[0]) == b"c":
            continue  # Keys about sessions follow from what a script reads.
        elif key.endswith(b"}:live") and _slot(key) in slots:
            continue  # A channel is in a slot as a key is, but nobody declares it.
        elif script in _TRIMMING and declared and key.startswith(_ids_of(declared[0])):
            continue  # Whose ids are old follows from the index, and who wrote from what was lost.
        elif _slot(key) in slots:
            found.append(f"{script} touches {key!r}, which it does not declare")
        else:
            found.append(f"{script} touches {key!r}, which is in another slot")
    return found


def _ids_of(key: bytes) -> bytes:
    """Return how the keys begin that hold ids of messages to a room, by a key of that room."""
    return b"chat:{%b}:sent:" % _tag(key)


def _tag(key: bytes) -> bytes:
    """Return the hash tag of a key, or the key if it has none."""
    found = _TAG.search(key)
    return found[1] if found else key


@lru_cache(100_000)
def _slot(key: bytes) -> int:
    return key_slot(key)


@cache
def script_of(source: str) -> str | None:
    """Return the name of a script, changed or not, by its first line; None if it is not ours."""
    for name in scripts.names():
        if scripts.body(name).partition("\n")[0] + "\n" in source:
            return name
    return None


def runs_of(said: bytes) -> Iterator[Run]:
    """Read what MONITOR has said: which scripts were run, and what they touched."""
    digests = {scripts.digest(name).encode(): name for name in scripts.names()}
    run: Run | None = None
    for line in said.split(b"\r\n"):
        if (found := _LINE.match(line)) is None:
            continue
        words = (codecs.escape_decode(word[1])[0] for word in _WORD.finditer(line, found.end()))
        if found[1] != b"lua":
            if run is not None:
                yield run
            run = _run_of(next(words, b"").upper(), words, digests)
        elif run is not None:
            command = next(words).decode()
            most = None if command in _ALL else 1
            run.touched.update(keys_of(command, list(islice(words, most))))
    if run is not None:
        yield run


def _run_of(command: bytes, words: Iterator[bytes], digests: dict[bytes, str]) -> Run | None:
    """Return the run that a command begins; None if it runs none of our scripts."""
    if command not in (b"EVAL", b"EVALSHA"):
        return None
    source, count = next(words), int(next(words))
    script = digests.get(source) or script_of(source.decode(errors="replace"))
    return Run(script, list(islice(words, count)), set()) if script is not None else None


def all_faults(runs: Iterable[Run]) -> list[str]:
    """Return what is wrong with any of some runs, each once."""
    return sorted({fault for run in runs for fault in faults(run)})


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[list[Run]]:
    """Gather the scripts that a Redis runs: they are in the list at the end."""
    found: list[Run] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 30)
    try:
        writer.write(b"MONITOR\r\n")
        assert await reader.readline() == b"+OK\r\n"
        yield found
        found += runs_of(await _all_of(reader, port))
    finally:
        writer.close()


async def _all_of(reader: asyncio.StreamReader, port: int) -> bytes:
    """Return what MONITOR has said up to now; less if a test has ended the connection."""
    end = b"end of what is watched"
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b'ECHO "%b"\r\n' % end)
        writer.close()
    try:
        return await reader.readuntil(end)
    except asyncio.IncompleteReadError as error:
        return error.partial
