"""Directs that this node has acknowledged, as long as no other node may know them.

The recipient's node gets a direct as a frame; while the recipient is away, no node does. If Redis
goes back to an older state, the author's node puts the direct back.
"""

from collections import deque
from functools import partial
from typing import NamedTuple

from node.core.entries import START, Append, Lost
from node.core.interfaces import Broker
from node.core.model import Failure, Fenced

REMEMBERED_FOR = 60.0
"""Seconds for which a direct is remembered: longer than a lease and a grace period by default. By
then the recipient has got the direct, or its session has ended."""
MOST = 10_000
"""Directs that are remembered; the oldest are forgotten first."""
MOST_BYTES = 16 << 20
"""Bytes of the directs that are remembered."""


class Direct(NamedTuple):
    """A direct, and until when it is remembered; ``size`` is in bytes."""

    until: float
    append: Append
    size: int


TRIES = 3
"""How often a node tries to put a direct back where it was. After that, the direct goes behind
all other entries."""


class Witness:
    """Remembers directs, and puts them back when Redis may have forgotten them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._directs: deque[Direct] = deque()
        self._bytes = 0
        self._unsure: dict[bytes, tuple[Append, int]] = {}
        self._was_away = False

    def __len__(self) -> int:
        return len(self._directs)

    def remember(self, append: Append, now: float) -> None:
        """Remember a direct that is about to be acknowledged."""
        size = sum(len(entry.body) for entry in append.frame.entries)
        self._directs.append(Direct(now + REMEMBERED_FOR, append, size))
        self._bytes += size
        while len(self._directs) > MOST or self._bytes > MOST_BYTES:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = self._directs.popleft()
        self._bytes -= oldest.size
        self._unsure.pop(_id_of(oldest.append), None)

    def tick(self, now: float, away: bool) -> None:
        """Do what is due at ``now``.

        ``away``: Redis cannot be reached, or other nodes may still put back what it forgot. The
        recipient's node goes first, because it knows the order of all directs.
        """
        while self._directs and self._directs[0].until <= now:
            self._forget_oldest()
        if self._was_away and not away:
            self._unsure = {_id_of(one.append): (one.append, 0) for one in self._directs}
        self._was_away = away
        if not away:
            for append, tries in list(self._unsure.values()):
                self._put_back(append, tries)

    def _put_back(self, append: Append, tries: int) -> None:
        frame, base = append.frame, append.base
        if tries >= TRIES:
            # The log has other entries there, and any of them may be older.
            base = START._replace(epoch=frame.epoch)
        # This node has not read the log, and does not know where a missing one begins.
        lost = Lost(base, START._replace(epoch=frame.epoch), b"", list(frame.entries))
        self._broker.heal(frame.log, lost, partial(self._on_healed, append, tries))

    def _on_healed(self, append: Append, tries: int, reply: int | Failure) -> None:
        id = _id_of(append)
        if isinstance(reply, int):
            self._unsure.pop(id, None)
        elif reply is Fenced.AGAIN and id in self._unsure:
            self._unsure[id] = append, tries + 1
        # Else the session may not be back yet: the next tick tries again.


def _id_of(append: Append) -> bytes:
    return append.frame.entries[-1].id
