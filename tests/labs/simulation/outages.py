"""What befalls the servers of a world: outages, lost data, slots that move to other servers."""

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.labs.simulation.chronicle import Logs
from tests.labs.simulation.cluster import CONTROL, slot_of_tag
from tests.labs.simulation.server import Server
from tests.labs.simulation.keyspace import Data

if TYPE_CHECKING:
    from tests.labs.simulation.world import World

LOOK_AGAIN = 0.2
"""Seconds after which a move is tried again whose servers are not both there."""


class Snapshot(NamedTuple):
    """What a server had at some time: its data, and the logs that are in them."""

    data: Data
    logs: Logs


class Outages:
    """Does what a plan has for the servers; ``which`` draws for which of them."""

    def __init__(self, world: "World", which: Random) -> None:
        self._world = world
        self._loop = world.loop
        self._servers = world.servers
        self._cluster = world.cluster
        self._which = which
        self._snapshots: dict[tuple[int, float], Snapshot] = {}
        self._found: dict[int, Data | None] = {}

    def mend(self) -> None:
        """Let all servers be there, and serve."""
        self._cluster.recover()
        for number, server in enumerate(self._servers):
            server.go_on()
            self._revive(number)

    # Connections

    def do_pubsub_kills(self) -> None:
        """Close a connection of subscriptions."""
        server = self._any()
        if found := server.subscriptions():
            server.close(self._world.random.choice(found))

    def do_deaf(self) -> None:
        """Let a connection of subscriptions stay open, and bring nothing."""
        server = self._any()
        if found := server.subscriptions():
            server.deafen(self._world.random.choice(found))

    # Servers that are away, and what they have when they come back

    def do_redis_stops(self, seconds: float) -> None:
        """Stop Redis for a while."""
        for number in self._some():
            self._stop(number, seconds)

    def do_rooms_away(self, numbers: tuple[int, ...], seconds: float) -> None:
        """Stop servers that have rooms for a while."""
        for number in numbers:
            self._stop(number, seconds)

    def _stop(self, number: int, seconds: float) -> None:
        if self._servers[number].up:
            self._servers[number].stop()
            self._loop.call_later(seconds, self._servers[number].go_on)

    def do_redis_restarts(self, away: float) -> None:
        """Kill Redis, which has written down all that it did."""
        for number in self._some():
            self._crash(number, away, None)

    def do_snapshot(self, key: float) -> None:
        """Let Redis write down its data, to be found at the roll-back of that key."""
        logs = self._world.chronicle.copy()
        for number, server in enumerate(self._servers):
            if server.up:
                # A log that is elsewhere now is not in these data, wherever it is later.
                own = {log: logs[log] for log in logs if self.place_of(log) == number}
                self._snapshots[number, key] = Snapshot(server.shell.snapshot(), own)

    def do_roll_backs(self, away: float) -> None:
        """Kill Redis, which goes on from an older snapshot."""
        for number in self._some():
            if (snapshot := self._snapshots.get((number, self._loop.now))) is not None:
                self._crash(number, away, snapshot)

    def do_amnesia(self, away: float) -> None:
        """Kill Redis, which comes back empty."""
        for number in self._some():
            self._crash(number, away, Snapshot(({}, {}), {}))

    def _some(self) -> list[int]:
        """Draw which servers something happens to: one, or all of them."""
        count = len(self._servers)
        if count == 1 or self._which.random() < 0.2:
            return list(range(count))
        return [self._which.randrange(count)]

    def _any(self) -> Server:
        return self._servers[self._which.randrange(len(self._servers))]

    def _crash(self, number: int, away: float, snapshot: Snapshot | None) -> None:
        if not self._servers[number].up:
            return
        self._world.notes.trace(f"Redis {number} is killed")
        self._servers[number].crash()
        self._found[number] = None
        if snapshot is not None:
            self._found[number] = self._back_to(number, snapshot)
        self._loop.call_later(away, self._revive, number)

    def _back_to(self, number: int, snapshot: Snapshot) -> Data:
        """Note what a server loses by a snapshot, and return what it finds of its own in that."""
        # Older snapshots are of a past that is no more.
        for key in [key for key in self._snapshots if key[0] == number]:
            del self._snapshots[key]
        chronicle = self._world.chronicle
        logs = chronicle.copy()
        kept = {log: logs[log] for log in logs if self.place_of(log) != number}
        back = {log: snapshot.logs[log] for log in snapshot.logs if self.place_of(log) == number}
        control = self._cluster.owner(slot_of_tag(CONTROL)) == number
        chronicle.rolled_back(self._loop.now, kept | back, self._world.memories(), control)
        owns = self._cluster.owns(number)
        values, ends = snapshot.data
        values = {key: value for key, value in values.items() if owns(key)}
        return values, {key: end for key, end in ends.items() if key in values}

    def _revive(self, number: int) -> None:
        if not self._servers[number].up:
            self._world.notes.trace(f"Redis {number} is back")
            self._servers[number].restart(self._found[number])
            self._cluster.wake(number)

    # Slots that move

    def do_slot_moves(self, tag: str, to: int, pause: float) -> None:
        """Let the slot of a tag move to another server, which takes some time."""
        slot = slot_of_tag(tag.encode())
        if self._cluster.owner(slot) != to:
            self._cluster.begin(slot, to)
            self._loop.call_later(pause, self._move, slot, to)

    def _move(self, slot: int, to: int) -> None:
        source, target = self._servers[self._cluster.owner(slot)], self._servers[to]
        if not self._cluster.is_leaving(slot, to):
            return
        if source.serves and target.serves:
            self._world.notes.trace(f"slot {slot} moves from {source.number} to {to}")
            target.shell.store.add(source.leave(slot))
            self._cluster.end(slot, to)
        else:
            self._loop.call_later(LOOK_AGAIN, self._move, slot, to)

    def do_cluster_down(self, number: int, tag: str, seconds: float) -> None:
        """Let a server refuse the slot of a tag for a while; all slots for a tag of ""."""
        slot = slot_of_tag(tag.encode()) if tag else None
        self._cluster.go_down(number, slot, self._loop.now + seconds)

    def do_fail_over(self, number: int, heir: int, after: float, away: float) -> None:
        """Kill a server, whose slots another one has later; it comes back without them.

        If there is a snapshot of this time, that is what its replica has. Else it has everything.
        """
        server = self._servers[number]
        if server.up:
            self._crash(number, away, self._snapshots.get((number, self._loop.now)))
            self._loop.call_later(after, self._take_over, number, heir, server.life)

    def _take_over(self, number: int, heir: int, life: int) -> None:
        server, other = self._servers[number], self._servers[heir]
        if server.up or server.life != life:
            return
        if not other.serves:
            self._loop.call_later(LOOK_AGAIN, self._take_over, number, heir, life)
            return
        self._world.notes.trace(f"Redis {heir} takes over from {number}")
        data, self._found[number] = self._found[number], ({}, {})
        other.shell.store.add(server.shell.snapshot() if data is None else data)
        self._cluster.inherit(number, heir)

    def place_of(self, log: str) -> int:
        """Return the number of the server that keeps a log, or sessions for an inbox."""
        tag = log.encode() if log.startswith("r:") else CONTROL
        return self._cluster.owner(slot_of_tag(tag))
