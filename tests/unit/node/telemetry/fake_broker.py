"""A broker whose state is a test's."""

from node.brokers.broker_counts import BrokerCounts
from node.brokers.server_counts import ServerState


class FakeBroker:
    """Delivers unless there is a ``reason``; ``servers`` keep its data."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.counts = BrokerCounts()
        self.servers: list[ServerState] = []

    def unready(self) -> str | None:
        return self.reason

    def states(self) -> list[ServerState]:
        return self.servers
