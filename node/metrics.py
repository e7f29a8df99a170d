"""What a node counts, and its Prometheus text.

Counting is adding to an attribute: most of it happens for every message. The names, labels and
help texts are made when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from importlib.metadata import PackageNotFoundError, version
from math import inf
from typing import Protocol

from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from wire.errors import Code, Reason

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: from a Redis next door to one that is given up."""


class Watched(Protocol):
    """Whose sizes are told: a hub. Of its rooms, those whose log begins with ``r:`` count."""

    @property
    def connections(self) -> Sized:
        """Connections of clients."""

    @property
    def sessions(self) -> Sized:
        """Sessions that have a connection here."""

    @property
    def rooms(self) -> Iterable[str]:
        """The logs that are followed."""


class Histogram:
    """How many observations fell below each bound, and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return bounds and how many are at or below each, as Prometheus has them."""
        found: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*_BOUNDS, inf), self.counts, strict=True):
            total += count
            found.append(("+Inf" if bound == inf else str(bound), total))
        return found


class Metrics:
    """The counts of one node; whoever sees something happen adds to them."""

    __slots__ = (
        *("messages_in", "deliveries", "bytes_in", "bytes_out", "holes_healed", "rewinds_healed"),
        *("gaps", "slow_readers", "resumes", "broker_reconnects"),
        *("round_trips", "refusals", "byes", "_hub", "_unready"),
    )

    def __init__(self) -> None:
        self.messages_in = 0
        self.deliveries = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.holes_healed = 0
        self.rewinds_healed = 0
        self.gaps = 0
        self.slow_readers = 0
        self.resumes = 0
        self.broker_reconnects = 0
        self.round_trips = Histogram()
        # All that there can be, from the start: a rate wants a zero to begin with.
        self.refusals = dict.fromkeys(Code, 0)
        self.byes = dict.fromkeys(Reason, 0)
        self._hub: Watched | None = None
        self._unready: Callable[[], str | None] | None = None

    def watch(self, hub: Watched, unready: Callable[[], str | None] | None = None) -> None:
        """Tell the sizes of ``hub``, and whether the broker delivers: ``unready`` gives None."""
        self._hub = hub
        self._unready = unready

    def published(self, seconds: float) -> None:
        """A round trip to the broker, with whatever was gathered for it, took so long."""
        self.round_trips.observe(seconds)

    def refused(self, code: Code) -> None:
        """A request was refused."""
        self.refusals[code] += 1

    def said_bye(self, reason: Reason) -> None:
        """A connection was ended by the node."""
        self.byes[reason] += 1

    @property
    def clients(self) -> int:
        """Connections of clients, now."""
        return len(self._hub.connections) if self._hub else 0

    @property
    def sessions(self) -> int:
        """Sessions whose connection is here, now."""
        return len(self._hub.sessions) if self._hub else 0

    @property
    def rooms(self) -> int:
        """Rooms that this node follows, now."""
        return sum(log.startswith("r:") for log in self._hub.rooms) if self._hub else 0

    @property
    def broker_up(self) -> int:
        """1 while the broker delivers, else 0."""
        return int(self._unready is not None and self._unready() is None)

    def render(self) -> bytes:
        """Return the metrics of this node alone, unnamed."""
        return render({"": self})


_GAUGES = (
    ("clients", "Connections of clients."),
    ("sessions", "Sessions whose connection is to this node."),
    ("rooms", "Rooms that this node follows."),
    ("broker_up", "1 while the broker delivers, else 0."),
)
_COUNTERS = (
    ("messages_in", "Messages and directs that clients sent."),
    ("deliveries", "Entries of rooms and inboxes that were written to clients."),
    ("bytes_in", "Bytes read from clients."),
    ("bytes_out", "Bytes written to clients."),
    ("holes_healed", "Holes in what the broker delivered, filled from the log."),
    ("rewinds_healed", "Logs that had gone back in time, put right."),
    ("gaps", "Gaps told to clients: entries that are no longer kept."),
    ("slow_readers", "Times that a client read more slowly than it was written to."),
    ("resumes", "Sessions that were continued."),
    ("broker_reconnects", "Times that the connection to the broker was made anew."),
)
_LABELLED = (
    ("refusals", "code", "Requests that were refused."),
    ("byes", "reason", "Connections that the node ended."),
)


def render(nodes: Mapping[str, Metrics]) -> bytes:
    """Return the metrics of all nodes of this process, by their names, as Prometheus's text."""
    return generate_latest(_Families(nodes))


class _Families:
    def __init__(self, nodes: Mapping[str, Metrics]) -> None:
        self._nodes = nodes

    def collect(self) -> Iterator[Metric]:
        nodes = self._nodes.items()
        info = InfoMetricFamily("chat_node", "What runs here.", labels=["node"])
        for name, _ in nodes:
            info.add_metric([name], {"version": _version()})
        yield info
        for attribute, text in _GAUGES:
            gauge = GaugeMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for name, metrics in nodes:
                gauge.add_metric([name], getattr(metrics, attribute))
            yield gauge
        for attribute, text in _COUNTERS:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for name, metrics in nodes:
                counter.add_metric([name], getattr(metrics, attribute))
            yield counter
        for attribute, label, text in _LABELLED:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node", label])
            for name, metrics in nodes:
                for value, count in getattr(metrics, attribute).items():
                    counter.add_metric([name, str(value)], count)
            yield counter
        yield self._round_trips()
        yield from ProcessCollector(registry=None).collect()

    def _round_trips(self) -> Metric:
        family = HistogramMetricFamily(
            "chat_publish_seconds", "Round trips of batches to the broker.", labels=["node"]
        )
        for name, metrics in self._nodes.items():
            family.add_metric([name], metrics.round_trips.buckets(), metrics.round_trips.sum)
        return family


def _version() -> str:
    try:
        return version("distributed-chat")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"
