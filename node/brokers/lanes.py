"""Queues of calls to Redis, so that short calls never wait behind many long ones."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

READ_BYTES = 1024 * 1024
"""Bytes that the reads in one pipeline may return, without the last one: they take 3 to 5 ms of
Redis, and of the node. The size of a reply is not known before, so it is estimated from earlier
reads."""
READS = 16
"""Most reads in one pipeline, however small they are."""
FIRST = 4
"""Reads in the first pipeline, when no sizes are known yet."""


class Lane(NamedTuple):
    """A class of calls, which stay in order among each other.

    One pipeline takes calls until their weights reach ``most``; ``waiting`` is how many may wait.
    """

    place: int
    most: int
    waiting: float


CHANGES = Lane(0, 256, inf)
"""Messages and other short changes: more in one pipeline would only delay each other. The limit of
requests that each client may have under way bounds how many wait."""
CLAIMS = Lane(1, 64, inf)
"""Sessions that begin or are continued, one for each connection. They take long, as they enter many
rooms, and come by thousands when another node has died; clients that are connected must not notice
that."""
UPKEEP = Lane(2, 1, 1000)
"""The node's own maintenance: some hundred logs, sessions or rules in each call. A call that does
not fit is made again seconds later."""
PAGES = Lane(3, 4, 1000)
"""Lists and history for clients: each takes as long as thirty messages, and a thousand of them take
as long as a client waits."""
HEADS = Lane(5, 100, 100_000)
"""Comparisons of logs with what this node has of them: short, but there are many at a time."""
LOGS = Lane(4, READS, 10_000)
"""Reads of logs that this node follows: the first read of a room, holes, readers that are behind. A
read that does not fit is made again with the next tick."""


class InLane(Protocol):
    """A call that has a lane, and counts there for ``weight`` calls."""

    lane: Lane
    weight: int

    def args(self) -> Sequence[Any] | None:
        """Return the arguments; None if there is nothing to do any more."""


C = TypeVar("C", bound=InLane)


class Lanes(Generic[C]):
    """All calls that wait. ``reading``: the calls that were taken last may have long replies."""

    def __init__(self) -> None:
        self.reading = False
        self._lines: list[deque[C]] = [deque() for _ in range(6)]
        self._reads = FIRST
        self._pages_next = False

    def __iter__(self) -> Iterator[C]:
        for line in self._lines:
            yield from line

    def add(self, call: C) -> bool:
        """Queue a call; return whether its lane had room for it."""
        lane = call.lane
        line = self._lines[lane.place]
        if lane.waiting != inf and len(line) >= lane.waiting:
            return False
        line.append(call)
        return True

    def put_back(self, calls: Sequence[C]) -> None:
        """Queue calls before all others of their lanes."""
        for call in reversed(calls):
            self._lines[call.lane.place].appendleft(call)

    def release(self, stays: Callable[[C], bool]) -> list[C]:
        """Remove the calls that do not stay; return them in the order of their lanes."""
        gone: list[C] = []
        for line in self._lines:
            calls = list(line)
            line.clear()
            for call in calls:
                (line if stays(call) else gone).append(call)
        return gone

    def take(self) -> list[tuple[C, Sequence[Any]]]:
        """Take the calls of the next pipeline, with their arguments."""
        batch: list[tuple[C, Sequence[Any]]] = []
        changes, claims, upkeep, pages, logs, heads = self._lines
        for line, lane in (changes, CHANGES), (claims, CLAIMS), (upkeep, UPKEEP), (heads, HEADS):
            if line:
                _move(line, lane.most, batch)
        self.reading = bool(pages or logs)
        if self.reading:
            self._take_reads(pages, logs, batch)
        return batch

    def _take_reads(
        self, pages: deque[C], logs: deque[C], batch: list[tuple[C, Sequence[Any]]]
    ) -> None:
        """Take reads of both kinds in turn, so that neither delays the other."""
        left = PAGES.most
        for _ in range(self._reads):
            if not (pages or logs):
                break
            self._pages_next = not self._pages_next
            if pages and left and (self._pages_next or not logs):
                left -= 1
                _move(pages, 1, batch)
            else:
                _move(logs, 1, batch)

    def came(self, calls: Sequence[C], replies: Sequence[Any]) -> None:
        """Learn from the sizes of replies how many reads fit into a pipeline."""
        pairs = zip(calls, replies, strict=True)
        sizes = [_size(reply) for call, reply in pairs if call.lane in (PAGES, LOGS)]
        if sizes:
            fitting = READ_BYTES * len(sizes) // max(sum(sizes), 1)
            self._reads = min(max(fitting, 1), 2 * self._reads, READS)

    def lost(self) -> None:
        """Take fewer reads: a pipeline brought no replies, perhaps because its reads were long."""
        if self.reading:
            self._reads = 1


def _move(line: deque[C], most: int, batch: list[tuple[C, Sequence[Any]]]) -> None:
    """Move calls to the end of a pipeline, but drop those that have nothing to do."""
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
