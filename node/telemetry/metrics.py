"""What a node counts, and its Prometheus text.

Counting is adding to an attribute: most of it happens for every message. The names, labels and
help texts stand in tables, and are put together when somebody asks.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
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

from node.brokers.health import Fault
from node.core.config import Limit
from node.version import version
from wire.errors import Code, Reason

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: from a Redis next door to one that is given up."""
FOLLOWED_FOR = 10.0
"""Seconds after which a message is not waited for any more: it was answered long ago."""


class Known(Protocol):
    """What has an id: an entry of a log."""

    @property
    def id(self) -> bytes: ...


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

    @property
    def orders(self) -> Sized:
        """What moderators have ordered."""


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


_GAUGES = (
    ("clients", "Connections of clients."),
    ("sessions", "Sessions whose connection is to this node."),
    ("rooms", "Rooms that this node follows."),
    ("orders", "Orders of moderators that this node knows."),
    ("broker_up", "1 while the broker delivers, else 0."),
)
"""What is looked up when somebody asks: properties of ``Metrics``."""
_COUNTERS = (
    ("messages_in", "Messages and directs that clients sent."),
    ("entries", "Entries of rooms and inboxes that came from the broker, each counted once."),
    ("deliveries", "Entries of rooms and inboxes that were written to clients."),
    ("bytes_in", "Bytes read from clients."),
    ("bytes_out", "Bytes written to clients."),
    ("holes_healed", "Holes in what the broker delivered, filled from the log."),
    ("rewinds_healed", "Logs that had gone back in time, put right."),
    ("gaps", "Gaps told to clients: entries that are no longer kept."),
    ("slow_readers", "Times that a client read more slowly than it was written to."),
    ("resumes", "Sessions that were continued."),
    ("malformed", "Messages and replies of the broker that no node has written, and were dropped."),
    ("broker_reconnects", "Times that the connection to the broker was made anew."),
)
"""What is added to. A new one is a row here, and its type in ``Metrics``."""
_LABELLED = (
    ("refusals", "code", tuple(Code), "Requests that were refused."),
    ("byes", "reason", tuple(Reason), "Connections that the node ended."),
    ("limited", "limit", tuple(Limit), "Times that somebody ran into a limit."),
    ("passwords", "verdict", ("right", "wrong"), "Passwords of accounts that were looked at."),
)
"""Counters by a label, with all the values that it can have."""
_HISTOGRAMS = (
    ("round_trips", "publish_seconds", "Round trips of batches to the broker."),
    (
        *("delays", "delivery_seconds"),
        "From a message's arrival at this node until it was handed to its readers here; sampled.",
    ),
    ("lags", "loop_lag_seconds", "How late the tick came that is due once a second."),
)
"""What is observed, under which name."""


class Metrics:
    """The counts of one node; whoever sees something happen adds to them.

    One message at a time is followed from its arrival to its delivery: ``awaited`` is the log that
    it is in, None while there is none. So a quiet node times every message and a busy one some
    hundreds a second, and neither a message nor a delivery costs more than a comparison. Under load
    it is rather the first of a batch, which waits longest, that is timed: the figures are no better
    than the truth. Both ends are seen by one clock. The time ``at`` of an entry is the broker's:
    between two hosts that would measure their clocks.
    """

    __slots__ = (
        *(attribute for attribute, _ in _COUNTERS),
        *(attribute for attribute, *_ in _LABELLED),
        *(attribute for attribute, *_ in _HISTOGRAMS),
        *("awaited", "_awaited_id", "_arrived_at", "_clock", "_hub", "_unready", "redis_faults"),
    )

    messages_in: int
    entries: int
    deliveries: int
    bytes_in: int
    bytes_out: int
    holes_healed: int
    rewinds_healed: int
    gaps: int
    slow_readers: int
    resumes: int
    malformed: int
    broker_reconnects: int
    refusals: dict[Code, int]
    byes: dict[Reason, int]
    limited: dict[Limit, int]
    passwords: dict[str, int]
    redis_faults: dict[Fault, int]
    round_trips: Histogram
    delays: Histogram
    lags: Histogram

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        for attribute, _ in _COUNTERS:
            setattr(self, attribute, 0)
        for attribute, _, values, _ in _LABELLED:
            # All that there can be, from the start: a rate wants a zero to begin with.
            setattr(self, attribute, dict.fromkeys(values, 0))
        for attribute, *_ in _HISTOGRAMS:
            setattr(self, attribute, Histogram())
        self.redis_faults = dict.fromkeys(Fault, 0)
        self.awaited: str | None = None
        self._awaited_id = b""
        self._arrived_at = 0.0
        self._clock = clock
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

    def hit(self, limit: Limit) -> None:
        """Somebody ran into a limit."""
        self.limited[limit] += 1

    def proved(self, right: bool) -> None:
        """A password was looked at."""
        self.passwords["right" if right else "wrong"] += 1

    def follow(self, log: str, id: bytes, arrived_at: float) -> None:
        """Time the message ``id`` on its way to the readers of ``log``; one at a time."""
        self.awaited, self._awaited_id, self._arrived_at = log, id, arrived_at

    def handed_out(self, entries: Iterable[Known]) -> None:
        """Entries of the awaited log were handed out: is the message among them?"""
        for entry in entries:
            if entry.id == self._awaited_id:
                self.delays.observe(self._clock() - self._arrived_at)
                self.awaited = None
                return

    def ticked(self, late: float) -> None:
        """The tick that is due once a second came so many seconds late."""
        self.lags.observe(late)
        if self.awaited is not None and self._clock() - self._arrived_at > FOLLOWED_FOR:
            # It was refused, or is a repeat, or its author has left: the next one may be timed.
            self.awaited = None

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
    def orders(self) -> int:
        """Orders of moderators that hold, now."""
        return len(self._hub.orders) if self._hub else 0

    @property
    def broker_up(self) -> int:
        """1 while the broker delivers, else 0."""
        return int(self._unready is not None and self._unready() is None)

    def render(self) -> bytes:
        """Return the metrics of this node alone, unnamed."""
        return render({"": self})


def render(nodes: Mapping[str, Metrics], log_lines_dropped: int = 0) -> bytes:
    """Return the metrics of all nodes of this process, by their names, as Prometheus's text.

    The log is the whole process's.
    """
    return generate_latest(_Families(nodes, log_lines_dropped))


class _Families:
    def __init__(self, nodes: Mapping[str, Metrics], log_lines_dropped: int) -> None:
        self._nodes = nodes
        self._log_lines_dropped = log_lines_dropped

    def collect(self) -> Iterator[Metric]:
        nodes = self._nodes.items()
        info = InfoMetricFamily("chat_node", "What runs here.", labels=["node"])
        for name, _ in nodes:
            info.add_metric([name], {"version": version()})
        yield info
        for attribute, text in _GAUGES:
            gauge = GaugeMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for name, metrics in nodes:
                gauge.add_metric([name], getattr(metrics, attribute))
            yield gauge
        text = "1 for each way in which Redis is not as it should be."
        gauge = GaugeMetricFamily("chat_redis_faults", text, labels=["node", "fault"])
        for name, metrics in nodes:
            for fault, is_there in metrics.redis_faults.items():
                gauge.add_metric([name, str(fault)], is_there)
        yield gauge
        for attribute, text in _COUNTERS:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for name, metrics in nodes:
                counter.add_metric([name], getattr(metrics, attribute))
            yield counter
        for attribute, label, _, text in _LABELLED:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node", label])
            for name, metrics in nodes:
                for value, count in getattr(metrics, attribute).items():
                    counter.add_metric([name, str(value)], count)
            yield counter
        for attribute, name, text in _HISTOGRAMS:
            yield self._histogram(attribute, f"chat_{name}", text)
        text = "Lines of the log that were dropped, because nobody read them."
        yield CounterMetricFamily("chat_log_lines_dropped", text, self._log_lines_dropped)
        yield from ProcessCollector(registry=None).collect()

    def _histogram(self, attribute: str, name: str, text: str) -> Metric:
        family = HistogramMetricFamily(name, text, labels=["node"])
        for node, metrics in self._nodes.items():
            found: Histogram = getattr(metrics, attribute)
            family.add_metric([node], found.buckets(), found.sum)
        return family
