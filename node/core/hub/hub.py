"""The core of a node, put together, and what is done to it from outside."""

from collections.abc import Callable

from node.core.config import Config, CoreCounts, Limit
from node.core.hub import moderation, shares
from node.core.hub.broker_listener import BrokerListener
from node.core.hub.registry import Registry
from node.core.interfaces import Broker, Encoder, FanOut, Transport
from node.core.model import NodeSizes
from node.core.requests.table import ROWS
from node.core.rooms.witness import Witness
from node.core.session import timeouts
from node.core.session.connection import ClientConnection
from node.core.session.errors import RETRY_MS
from node.core.session.services import Services
from node.core.session.states import State
from wire.errors import Reason
from wire.messages import Move

__all__ = ["CoreCounts", "Hub", "Config"]

TICK = 1.0
"""Seconds from the end of one tick to the next."""


class Hub:
    """Takes connections, lets time pass, and lets clients go; never waits for anything.

    ``events`` is what the broker reports to.
    """

    def __init__(
        self,
        name: str,
        config: Config,
        broker: Broker,
        fan_out: FanOut,
        counts: CoreCounts,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        self.services = Services(name, config, broker, fan_out, counts, clock, random_id, ROWS)
        self.registry = Registry(self.services)
        self.witness = Witness(broker)
        self.events = BrokerListener(self.services, self.registry, self.witness, fan_out)
        self._due: float | None = None

    def connect(self, transport: Transport, encoder: Encoder) -> ClientConnection:
        """Take a new connection."""
        return self.registry.connect(transport, encoder)

    def opened(self, connection: ClientConnection) -> None:
        """End a connection whose address has just become known, if it is banned."""
        moderation.admit(self.services, connection)

    def sizes(self) -> NodeSizes:
        """Return how much there is on this node."""
        services, registry = self.services, self.registry
        sizes = len(registry.connections), len(registry.holders), len(services.rooms)
        return NodeSizes(*sizes, len(services.rules))

    # Time

    def tick(self) -> None:
        """Do what has become due; to be called ``TICK`` after the last time."""
        services, connections = self.services, self.registry.connections
        now = services.tick()
        if self._due is not None:
            services.counts.ticked(max(0.0, now - self._due))
        for connection in list(connections):
            timeouts.check(connection, now)
        if services.config.unread:
            for connection in shares.beyond(services.config.unread, connections):
                services.counts.hit(Limit.UNREAD)
                connection.end(Reason.SLOW, RETRY_MS)
        services.directs.forget(now)
        self.registry.tick(now)
        unhealed = services.broker.any_unhealed()
        self.witness.tick(now, unhealed)
        services.rooms.tick(now, unhealed)
        # What the tick itself takes is not lateness.
        self._due = services.clock() + TICK

    # The end

    def drain(self) -> list[ClientConnection]:
        """Return the connections that have to be asked to leave."""
        return list(self.registry.connections)

    def ask_to_move(self, connection: ClientConnection, within: float) -> None:
        """Tell a client that it gets its `bye` in so many seconds, unless it goes before."""
        # Without a key there is nothing that another node could continue.
        if connection.state is State.WELCOME and connection.session.keyed:
            connection.send(Move(within_ms=int(within * 1000)))

    def say_goodbye(self, connection: ClientConnection) -> None:
        """Ask a client to go on at another node."""
        connection.leave_soon(RETRY_MS // 10)
