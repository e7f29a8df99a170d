"""Which server of a Redis Cluster has which slots, and what the others say who are asked for them.

test_real_cluster.py compares the answers with those of a real cluster.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

from redis.crc import key_slot
from redis.exceptions import ResponseError

from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.plan import ROOMS

SLOTS = 16384
CONTROL = b"c"
"""Hash tag of all keys about sessions."""
TAGS = (CONTROL, *(b"r:" + room.encode() for room in ROOMS))
"""Hash tags whose slots move: those of sessions and of each room."""
HEARD_WITHIN = 0.5
"""Seconds within which a server hears of a move that does not concern it."""


class Row(NamedTuple):
    """Slots that follow each other, and belong to one server."""

    start: int
    end: int
    owner: int


Rows = tuple[Row, ...]
"""A map: all slots in order."""


@lru_cache(100_000)
def slot_of(key: bytes) -> int:
    """Return the slot of a key or a channel."""
    return key_slot(key)


def slot_of_tag(tag: bytes) -> int:
    """Return the slot of all keys that have a hash tag."""
    return slot_of(b"{%b}" % tag)


def place(servers: int, tag: bytes) -> int:
    """Return which of some servers keeps the keys of a hash tag at first: 0 has sessions."""
    if servers == 1 or tag == CONTROL:
        return 0
    return 1 + crc32(tag) % (servers - 1)


def first(servers: int) -> Rows:
    """Return the map of the beginning: few rows, cut in the middle between the slots of tags."""
    known = sorted((slot_of_tag(tag), place(servers, tag)) for tag in TAGS)
    ends = [(low[0] + high[0]) // 2 for low, high in zip(known, known[1:], strict=False)]
    starts = [0, *(end + 1 for end in ends)]
    owners = [owner for _, owner in known]
    return _joined(map(Row, starts, [*ends, SLOTS - 1], owners))


def owner_in(rows: Rows, slot: int) -> int:
    """Return which server has a slot."""
    return next(row.owner for row in rows if slot <= row.end)


def with_move(rows: Rows, slot: int, to: int) -> Rows:
    """Return a map in which a slot belongs to another server."""
    found = []
    for row in rows:
        if row.start <= slot <= row.end:
            parts = row._replace(end=slot - 1), Row(slot, slot, to), row._replace(start=slot + 1)
            found += [part for part in parts if part.start <= part.end]
        else:
            found.append(row)
    return _joined(found)


def with_heir(rows: Rows, dead: int, heir: int) -> Rows:
    """Return a map in which a server has all slots of another one."""
    return _joined(row._replace(owner=heir) if row.owner == dead else row for row in rows)


def _joined(rows: Iterable[Row]) -> Rows:
    found: list[Row] = []
    for row in rows:
        if found and found[-1].owner == row.owner:
            found[-1] = found[-1]._replace(end=row.end)
        else:
            found.append(row)
    return tuple(found)


class Cluster:
    """The map as it is, and as each server believes it is; what servers refuse."""

    def __init__(self, loop: VirtualLoop, random: Random, servers: int) -> None:
        self.rows = first(servers)
        self._loop = loop
        self._random = random
        self._believed = [self.rows] * servers
        self._leaving: dict[int, int] = {}
        self._down: dict[int, tuple[int | None, float]] = {}

    # How it is

    def owner(self, slot: int) -> int:
        """Return which server has a slot."""
        return owner_in(self.rows, slot)

    def owns(self, number: int) -> Callable[[bytes], bool]:
        """Return what says whether a server has the slot of a key."""
        return lambda key: self.owner(slot_of(key)) == number

    # How it changes

    def begin(self, slot: int, to: int) -> None:
        """A slot begins to move: until it has, its owner runs nothing there."""
        self._leaving[slot] = to

    def is_leaving(self, slot: int, to: int) -> bool:
        """Say whether a slot still moves to a server."""
        return self._leaving.get(slot) == to

    def end(self, slot: int, to: int) -> None:
        """A slot has moved."""
        self._leaving.pop(slot, None)
        source = self.owner(slot)
        self._change(with_move(self.rows, slot, to), {source, to})

    def inherit(self, dead: int, heir: int) -> None:
        """A server has all slots of one that is dead; moves from there have failed."""
        for slot, to in list(self._leaving.items()):
            if dead in (self.owner(slot), to):
                del self._leaving[slot]
        self._change(with_heir(self.rows, dead, heir), {heir}, dead)

    def _change(self, rows: Rows, at_once: set[int], dead: int | None = None) -> None:
        self.rows = rows
        for number in range(len(self._believed)):
            if number in at_once:
                self._hear(number)
            elif number != dead:
                self.wake(number)

    def wake(self, number: int) -> None:
        """A server is going to learn how the map is."""
        if self._believed[number] is not self.rows:
            self._loop.call_later(self._random.uniform(0.0, HEARD_WITHIN), self._hear, number)

    def _hear(self, number: int) -> None:
        self._believed[number] = self.rows

    def go_down(self, number: int, slot: int | None, until: float) -> None:
        """Let a server believe for a while that a slot has no owner; None: that of all slots."""
        self._down[number] = slot, until

    def recover(self) -> None:
        """No server believes so any more."""
        self._down.clear()

    # What servers answer; errors are as node.brokers.connection makes them of what Redis says

    def answer(self, number: int) -> list[list[Any]]:
        """Return what a server answers to CLUSTER SLOTS."""
        return [
            [row.start, row.end, [b"server", row.owner, b"server%d" % row.owner]]
            for row in self._believed[number]
        ]

    def refuses(self, number: int, key: bytes) -> Exception | None:
        """Return what a server answers instead of running a script that declares a key.

        All scripts declare a key that is never there, so none runs while its slot moves.
        """
        slot = slot_of(key)
        down, until = self._down.get(number, (None, 0.0))
        if self._loop.now < until and down in (None, slot):
            return ResponseError("CLUSTERDOWN Hash slot not served")
        if (moved := self.has_moved(number, slot)) is not None:
            return moved
        if slot in self._leaving:
            if self._random.random() < 0.5:
                return ResponseError("TRYAGAIN Multiple keys request during rehashing of slot")
            return ResponseError(f"ASK {slot} server:{self._leaving[slot]}")
        return None

    def has_moved(self, number: int, slot: int) -> Exception | None:
        """Return what a server answers which does not have a slot; None if it has."""
        if self.owner(slot) == number:
            return None
        believed = owner_in(self._believed[number], slot)
        if believed == number:
            # It was dead, and another one has its slots: it serves nothing until it has heard.
            return ResponseError("CLUSTERDOWN The cluster is down")
        return ResponseError(f"MOVED {slot} server:{believed}")
