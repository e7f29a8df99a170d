"""What a node counts and tells about each server that keeps data."""

from typing import NamedTuple, Protocol

from node.brokers.histogram import Histogram


class PipelineCounts(Protocol):
    """What pipelines count."""

    def published(self, seconds: float) -> None:
        """Note how long a pipeline took."""

    def reconnected(self) -> None:
        """Note that the connection for calls works again."""


class ServerCounts:
    """What a node counts about one server; it counts for the whole node, too.

    ``name`` is the label of the server in metrics: its address.
    """

    __slots__ = ("name", "lag", "reconnects", "pipelines", "_counts")

    def __init__(self, name: str, counts: PipelineCounts) -> None:
        self.name = name
        self.lag: float | None = None
        """Seconds that the last pipeline took that the server answered."""
        self.reconnects = 0
        self.pipelines = Histogram()
        self._counts = counts

    def published(self, seconds: float) -> None:
        """Note how long a pipeline took."""
        self.lag = seconds
        self.pipelines.observe(seconds)
        self._counts.published(seconds)

    def reconnected(self) -> None:
        """Note that the connection for calls works again."""
        self.reconnects += 1
        self._counts.reconnected()


class ServerState(NamedTuple):
    """What a node knows of a server that keeps data; it is away while it runs none of its calls."""

    is_away: bool
    counts: ServerCounts
