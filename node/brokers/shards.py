"""The servers that keep the data: one Redis, or several that keep some of the slots each.

All data about sessions have one slot, and all data about a room have one. So each call goes to one
server, and each server breaks, goes back and comes back by itself.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from node.brokers import keys
from node.brokers.connect import Connect
from node.brokers.contact import Contact
from node.brokers.pipeline import Pipeline
from node.core.log_names import is_room


class Topology(NamedTuple):
    """How to connect to each server, and which of them keeps the keys of a hash tag."""

    connects: Sequence[Connect]
    place: Callable[[str], int]


def one(connect: Connect) -> Topology:
    """Return the topology of a single server."""
    return Topology([connect], lambda tag: 0)


class Shard(NamedTuple):
    """One server: the calls to it, and since when it answers."""

    pipeline: Pipeline
    contact: Contact


class Shards:
    """All servers; ``control`` is the one that keeps the data about sessions."""

    def __init__(self, shards: Sequence[Shard], place: Callable[[str], int]) -> None:
        self.all = shards
        self.control = shards[place(keys.CONTROL_TAG)]
        self._place = place
        self._only = shards[0] if len(shards) == 1 else None

    def of(self, log: str) -> Shard:
        """Return the server that keeps a log; that of sessions for an inbox, and for ""."""
        if self._only is not None:
            return self._only
        return self.all[self._place(log)] if is_room(log) else self.control
