"""The servers that keep the data: one Redis, or the masters of a cluster, each with some slots.

All data about sessions have one slot, and all data about a room have one. So each call goes to one
server, and each server breaks, goes back and comes back by itself.
"""

import asyncio
from typing import NamedTuple, Protocol

from node.brokers import keys
from node.brokers.calls import Call
from node.brokers.contact import Contact
from node.brokers.outage import Outage
from node.brokers.pipeline import Pipeline
from node.brokers.readiness import PROBE_WITHIN
from node.brokers.server_counts import ServerCounts, ServerState
from node.brokers.slot_queues import SlotQueues
from node.core.log_names import is_room

LOOK_EVERY = 0.02
"""Seconds between two looks whether calls still wait for their slots."""


class Shard(NamedTuple):
    """One server: the calls to it, since when it answers, why it does not, and what is counted."""

    pipeline: Pipeline
    contact: Contact
    outage: Outage
    counts: ServerCounts


class Places(Protocol):
    """Which server keeps which slots; it may change."""

    def place(self, tag: str) -> int:
        """Return the number of the server that keeps the keys of a hash tag."""

    def keeps(self, number: int) -> bool:
        """Say whether a server keeps any slot."""

    def tag(self, number: int) -> str | None:
        """Return a hash tag whose keys a server keeps; None if it keeps no slot."""


class Shards:
    """All servers, by their numbers. Without ``places`` there is only one.

    ``queues`` keep the calls that cannot go to any server just now.
    """

    def __init__(self, places: Places | None = None) -> None:
        self.all: list[Shard] = []
        self.queues = SlotQueues(self._send)
        self._places = places

    def at(self, tag: str) -> Shard:
        """Return the server that keeps the keys of a hash tag."""
        return self.all[self._places.place(tag) if self._places is not None else 0]

    def of(self, log: str) -> Shard:
        """Return the server that keeps a log; that of sessions for an inbox, and for ""."""
        if self._places is None:
            return self.all[0]
        return self.at(log if is_room(log) else keys.CONTROL_TAG)

    @property
    def control(self) -> Shard:
        """The server that keeps the data about sessions."""
        return self.at(keys.CONTROL_TAG)

    @property
    def in_use(self) -> list[Shard]:
        """The servers that keep data."""
        places = self._places
        if places is None:
            return self.all
        return [shard for number, shard in enumerate(self.all) if places.keeps(number)]

    def tags(self) -> dict[str, str]:
        """Return the names of the servers that keep data, each with a hash tag of its keys.

        Of a cluster there is none until its map is known.
        """
        places, found = self._places, {"": keys.CONTROL_TAG}
        if places is not None:
            tags = {shard.counts.name: places.tag(number) for number, shard in enumerate(self.all)}
            found = {name: tag for name, tag in tags.items() if name and tag is not None}
        return found

    @property
    def is_cluster(self) -> bool:
        """Whether the servers are masters of a cluster."""
        return self._places is not None

    def states(self, now: float) -> list[ServerState]:
        """Return what is known of the servers that keep data, and have a name."""
        return [
            ServerState(not shard.contact.answers(now, PROBE_WITHIN), shard.counts)
            for shard in self.in_use
            if shard.counts.name
        ]

    def call(self, call: Call) -> None:
        """Queue a call at the server that keeps its keys."""
        if self._places is None:
            self.all[0].pipeline.call(call)
        elif not self.queues.take(call):
            self._send(call)

    def call_next(self, call: Call) -> None:
        """Queue the next call of a read in several steps (``Pipeline.call_next``)."""
        if not self.queues.take(call):
            self.at(call.tag).pipeline.call_next(call)

    def _send(self, call: Call) -> None:
        self.at(call.tag).pipeline.call(call)

    async def idle(self) -> None:
        """Wait until no call waits or is under way: one may lead to a call at another server."""
        while True:
            if not self.queues.is_empty:
                await asyncio.sleep(LOOK_EVERY)
            elif busy := [shard for shard in self.all if not shard.pipeline.is_idle]:
                await busy[0].pipeline.idle()
            else:
                return
