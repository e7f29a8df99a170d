"""What all rings of a node may hold together: the oldest entries of all are dropped first.

A ring is what a node remembers for a Redis that goes back in time, and for who reads a little
behind the others. Both need what is new: so a room where much is said does not take it from one
where little is, and what a silent room holds makes room for what is said now.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heapreplace
from math import inf

from node.core.entries import Entry
from node.core.rooms.ring import Ring

MOST = 64 << 20
"""Bytes, where there is memory enough: the last 20 s of 8,000 messages a second. A Redis that
writes its log once a second loses two."""
PART = 8
"""A node with little memory remembers that part of its mark: others hold sessions and text, too."""
ENTRY = 320
"""Bytes of an entry beside its body: its object, id, time and origin."""
SLACK = 16
"""Part of the budget that is freed at a time, so that it need not be done all the time."""
TOGETHER = 1000
"""Milliseconds within which entries count as equally old."""
PAGE = 100
"""Entries that are dropped of a ring before it is looked which one has the oldest."""
DIGITS = 20
"""Digits from which a number is no time, and may be too long for one."""


def budget(mark: int, nodes: int) -> int:
    """Return the bytes for each of the nodes of a process, whose memory has a mark; 0 is none."""
    return (min(MOST, mark // PART) if mark else MOST) // nodes


def weight(ring: Ring) -> int:
    """Return about how many bytes a ring takes."""
    return ring.bytes + ENTRY * len(ring.entries)


def keep_within(most: int, rings: Iterable[Ring]) -> int:
    """Drop the oldest entries until what is left fits; return how many were dropped.

    To be called once a second or so: nothing is done, nor counted, for each entry.
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
        # Until another ring has the oldest entry of all: it is right below the top of the heap.
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
    """Drop what is not newer, a page at most and one entry at least."""
    count = 1
    for entry in ring.entries[1:PAGE]:
        if _time(entry) > until:
            break
        count += 1
    ring.shed(count)
    return count


def _time(entry: Entry) -> float:
    """Return when an entry was appended; what has no time goes first."""
    return int(entry.at) if entry.at.isdigit() and len(entry.at) < DIGITS else 0
