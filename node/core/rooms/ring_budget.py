"""The memory that all rings of a node may take together: the oldest entries are dropped first.

A node needs its rings if Redis goes back to an older state, and for members that read a little
behind the others. Both need new entries. So a busy room does not take them from a quiet one, and
the old entries of a silent room are dropped in favour of new ones elsewhere.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heapreplace
from math import inf

from node.core.config import REMEMBERED
from node.core.entries import Entry
from node.core.rooms.ring import Ring

PART = 8
"""A node with little memory gives rings one part in so many of its memory limit."""
ENTRY = 320
"""Bytes of an entry besides its body: its object, id, time and origin."""
SLACK = 16
"""One part in so many of the budget is freed at a time, so that it is not done all the time."""
TOGETHER = 1000
"""Milliseconds within which entries count as equally old."""
PAGE = 100
"""Entries that are dropped from a ring before the ring with the oldest entry is chosen again."""
DIGITS = 20
"""A number with so many digits is not a time; it may even be too long for an integer."""


def budget(limit: int, nodes: int) -> int:
    """Return the bytes for each node of a process; ``limit`` is its memory limit, 0 is none."""
    return (min(REMEMBERED, limit // PART) if limit else REMEMBERED) // nodes


def weight(ring: Ring) -> int:
    """Return about how many bytes a ring takes."""
    return ring.bytes + ENTRY * len(ring.entries)


def keep_within(most: int, rings: Iterable[Ring]) -> int:
    """Drop the oldest entries until the rest takes at most ``most`` bytes; return how many.

    Called once a second: nothing is done, or counted, when an entry is added.
    """
    full = [ring for ring in rings if ring.entries]
    used = sum(map(weight, full))
    if used <= most:
        return 0
    heap = [(_time(ring.entries[0]), place) for place, ring in enumerate(full)]
    heapify(heap)
    dropped = 0
    while heap and used > most - most // SLACK:
        _, place = heap[0]
        ring = full[place]
        # Until another ring has the oldest entry: that ring is right below the top of the heap.
        until = min(heap[1:3], default=(inf, 0))[0] + TOGETHER
        used -= weight(ring)
        dropped += _drop(ring, until)
        used += weight(ring)
        if ring.entries:
            heapreplace(heap, (_time(ring.entries[0]), place))
        else:
            heappop(heap)
    return dropped


def _drop(ring: Ring, until: float) -> int:
    """Drop entries that are not newer than ``until``: at least one, at most a page."""
    count = 1
    for entry in ring.entries[1:PAGE]:
        if _time(entry) > until:
            break
        count += 1
    ring.shed(count)
    return count


def _time(entry: Entry) -> float:
    """Return when an entry was appended; an entry without a time is dropped first."""
    return int(entry.at) if entry.at.isdigit() and len(entry.at) < DIGITS else 0
