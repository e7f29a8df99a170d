"""A Redis that can be killed, stopped, taken back in time, and whose connections fail; see link.py
for the other end of these connections."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from redis.exceptions import ResponseError

from tests.labs.simulation.cluster import Cluster, slot_of
from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.shell import Shell, encoded
from tests.labs.simulation.keyspace import Data


class Peer(Protocol):
    """The node's end of a connection. ``killed``: nothing that it brings is done any more."""

    killed: bool

    def broken(self) -> None:
        """The server has closed the connection."""


class Subscription(Peer, Protocol):
    """The node's end of a connection that is subscribed to something."""

    @property
    def node(self) -> object:
        """The node whose it is."""

    def push(self, message: list[Any] | Exception) -> None:
        """The server has sent a message."""


class Server:
    """Owns the data. Whatever is asked of it while it is stopped is done when it goes on.

    ``cluster`` and ``number``: it owns the data of its slots alone, unless ``cluster`` is None.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        random: Random,
        on_call: Callable[[str, Sequence[Any]], None],
        cluster: Cluster | None = None,
        number: int = 0,
    ) -> None:
        self.shell = Shell(lambda: loop.time() + self.skew, random, self._publish, on_call)
        self.skew = 0.0
        """Seconds by which its clock is wrong."""
        self.up = True
        self.life = 1
        self.number = number
        self._cluster = cluster
        self._loop = loop
        self._random = random
        self._held: list[Callable[[], None]] | None = None
        self._peers: dict[Peer, None] = {}
        self._accepted: list[Peer] = []
        self._channels: dict[bytes, dict[Subscription, None]] = {}

    # Connections

    def accept(self, peer: Peer) -> None:
        """Take a connection."""
        self._peers[peer] = None
        self._accepted.append(peer)

    def run(self, peer: Peer, *command: Any) -> Any:
        """Run a command of a connection."""
        if command[:2] == ("CLIENT", "INFO"):
            return b"id=%d addr=%b name=" % (self._accepted.index(peer), self._address)
        if command[:2] == ("CLIENT", "KILL"):
            return self._kill(int(command[3]), command[5])
        if self._cluster is not None:
            if command == ("CLUSTER", "SLOTS"):
                return self._cluster.answer(self.number)
            if command[0] == "EVALSHA" and command[2]:
                if refusal := self._cluster.refuses(self.number, encoded(command[3])):
                    return refusal
        return self.shell.run(*command)

    @property
    def _address(self) -> bytes:
        return b"node:%d" % self.number

    def _kill(self, id: int, address: bytes) -> int:
        """End a connection, unless it is one of another server, which had the same number there."""
        if address != self._address:
            return 0
        last = self._accepted[id]
        last.killed = True
        self.close(last)
        return 1

    def forget(self, peer: Peer) -> None:
        """A connection is over."""
        self._peers.pop(peer, None)
        for subscribers in self._channels.values():
            subscribers.pop(peer, None)  # type: ignore[call-overload]

    def knows(self, peer: Peer) -> bool:
        """Say whether a connection is open at this end."""
        return peer in self._peers

    def arrived(self, work: Callable[[], None]) -> None:
        """Do what a connection asks for, now or when the server goes on."""
        if self._held is not None:
            self._held.append(work)
        else:
            work()

    def close(self, peer: Peer) -> None:
        """Close a connection, and let the other end know."""
        if peer in self._peers:
            self.forget(peer)
            peer.broken()

    # Channels

    def subscribe(self, peer: Subscription, channels: Sequence[bytes]) -> None:
        """Let a connection have what is published to some channels."""
        if peer in self._peers and not self._refused(peer, channels):
            for channel in channels:
                self._channels.setdefault(channel, {})[peer] = None
                peer.push([b"ssubscribe", channel, 1])

    def unsubscribe(self, peer: Subscription, channels: Sequence[bytes]) -> None:
        """Let a connection have it no longer."""
        if peer in self._peers and not self._refused(peer, channels):
            for channel in channels:
                self._channels.get(channel, {}).pop(peer, None)
                peer.push([b"sunsubscribe", channel, 1])

    def _refused(self, peer: Subscription, channels: Sequence[bytes]) -> bool:
        """Say whether channels are not those of one slot of this server, and tell who asked."""
        if self._cluster is None:
            return False
        slots = {slot_of(channel) for channel in channels}
        error: Exception | None = ResponseError(
            "CROSSSLOT Keys in request don't hash to the same slot"
        )
        if len(slots) == 1:
            error = self._cluster.has_moved(self.number, slots.pop())
        if error is not None:
            peer.push(error)
        return error is not None

    def leave(self, slot: int) -> Data:
        """Give away the keys of a slot, and end the subscriptions to its channels."""
        for channel in [channel for channel in self._channels if slot_of(channel) == slot]:
            for peer in self._channels.pop(channel):
                left = sum(peer in peers for peers in self._channels.values())
                peer.push([b"sunsubscribe", channel, left])
        return self.shell.store.take(lambda key: slot_of(key) == slot)

    @property
    def serves(self) -> bool:
        """Whether it is up, and does what it is asked for."""
        return self.up and self._held is None

    def _publish(self, channel: bytes, payload: bytes) -> None:
        for peer in self._channels.get(channel, ()):
            peer.push([b"smessage", channel, payload])

    def subscriptions(self) -> list[Subscription]:
        """Return all connections that are subscribed to something."""
        found = {peer: None for peers in self._channels.values() for peer in peers}
        return list(found)

    def tells(self, node: object, prefix: bytes) -> bool:
        """Say whether a node gets what is published to a channel whose name begins so."""
        return any(
            peer.node is node
            for channel, peers in self._channels.items()
            for peer in peers
            if channel.startswith(prefix)
        )

    def deafen(self, peer: Subscription) -> None:
        """Forget a connection, without the other end knowing."""
        self.forget(peer)

    # Faults

    def crash(self) -> None:
        """End at once."""
        self.up = False
        self.life += 1
        self._held = None
        for peer in list(self._peers):
            self.close(peer)

    def restart(self, data: Any) -> None:
        """Come back, with other data unless it is None."""
        self.shell.restart(data)
        self.up = True

    def stop(self) -> None:
        """Do nothing for a while."""
        if self._held is None and self.up:
            self._held = []

    def go_on(self) -> None:
        """Do what was asked for meanwhile."""
        held, self._held = self._held or [], None
        for work in held:
            work()
