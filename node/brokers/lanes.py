"""Where calls wait for Redis: what a client waits for is never behind much that is long."""

from collections import deque
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

READ_BYTES = 1024 * 1024
"""Bytes that all reads in one pipeline may bring, but for the last of them: 3 to 5 ms of Redis, and
as much of the node. What a log holds is not known before, so it is learnt from the reads before."""
READS = 16
"""Most reads in one pipeline, however small they are."""
FIRST = 4
"""Reads in the first pipelines, of which nothing is known yet."""


class Lane(NamedTuple):
    """A kind of calls, which keep their order among each other.

    They go with one pipeline until their weights come to ``most``; so many may be ``waiting``.
    """

    place: int
    most: int
    waiting: float


CHANGES = Lane(0, 256, inf)
"""Messages, and all that is done at once: more in one pipeline only make each other wait. How many
wait is bounded by what each client may have under way."""
CLAIMS = Lane(1, 64, inf)
"""Sessions that begin or go on, one for each connection. They are the longest scripts, by the rooms
that they enter, and come by thousands when another node has died: who is here already talks on
meanwhile."""
UPKEEP = Lane(2, 1, 1000)
"""What the node looks after by itself: some hundred logs, sessions or orders at a time. What does
not fit is asked again seconds later."""
PAGES = Lane(3, 4, 1000)
"""Lists and history for clients: each may take as long as thirty messages, and a thousand of them
as long as a client waits."""
LOGS = Lane(4, READS, 10_000)
"""Logs as this node follows them: the first look at a room, holes, readers that are behind. A room
whose read does not fit is looked at again with the next tick."""


class InLane(Protocol):
    """A call that tells where it waits, and for how many others it counts there."""

    lane: Lane
    weight: int

    def args(self) -> Sequence[Any] | None:
        """Return what it is made with; None if there is nothing to do any more."""


C = TypeVar("C", bound=InLane)


class Lanes(Generic[C]):
    """All calls that wait. ``reading``: the calls that were taken last may have long replies."""

    def __init__(self) -> None:
        self.reading = False
        self._lines: list[deque[C]] = [deque() for _ in range(5)]
        self._reads = FIRST
        self._pages_next = False

    def __iter__(self) -> Iterator[C]:
        for line in self._lines:
            yield from line

    def add(self, call: C) -> bool:
        """Let a call wait; say whether there is room for it."""
        lane = call.lane
        line = self._lines[lane.place]
        if lane.waiting != inf and len(line) >= lane.waiting:
            return False
        line.append(call)
        return True

    def put_back(self, calls: Sequence[C]) -> None:
        """Let calls be made again before all others of their lanes."""
        for call in reversed(calls):
            self._lines[call.lane.place].appendleft(call)

    def take(self) -> list[tuple[C, Sequence[Any]]]:
        """Take the calls of the next pipeline, with their arguments."""
        batch: list[tuple[C, Sequence[Any]]] = []
        changes, claims, upkeep, pages, logs = self._lines
        for line, lane in (changes, CHANGES), (claims, CLAIMS), (upkeep, UPKEEP):
            if line:
                _move(line, lane.most, batch)
        self.reading = bool(pages or logs)
        if self.reading:
            self._take_reads(pages, logs, batch)
        return batch

    def _take_reads(
        self, pages: deque[C], logs: deque[C], batch: list[tuple[C, Sequence[Any]]]
    ) -> None:
        """Take reads of both kinds in turns: neither keeps the other one waiting."""
        left = PAGES.most
        for _ in range(self._reads):
            self._pages_next = not self._pages_next
            if pages and left and (self._pages_next or not logs):
                left -= 1
                _move(pages, 1, batch)
            else:
                _move(logs, 1, batch)

    def came(self, calls: Sequence[C], replies: Sequence[Any]) -> None:
        """Learn from the replies how many reads are too many."""
        pairs = zip(calls, replies, strict=True)
        sizes = [_size(reply) for call, reply in pairs if call.lane.place >= PAGES.place]
        if sizes:
            fitting = READ_BYTES * len(sizes) // max(sum(sizes), 1)
            self._reads = min(max(fitting, 1), 2 * self._reads, READS)

    def lost(self) -> None:
        """A pipeline brought no replies: if its reads were too much for one, there will be less."""
        if self.reading:
            self._reads = 1


def _move(line: deque[C], most: int, batch: list[tuple[C, Sequence[Any]]]) -> None:
    """Move calls to the end of a pipeline, except those in which there is nothing to do."""
    while line and most > 0:
        call = line.popleft()
        if (args := call.args()) is not None:
            batch.append((call, args))
            most -= call.weight


def _size(reply: Any) -> int:
    """Return about how many bytes a reply has."""
    if isinstance(reply, list):
        return sum(map(_size, reply))
    return len(reply) if isinstance(reply, bytes) else 8
