"""Renders the metrics of all nodes of this process as Prometheus text."""

from collections.abc import Iterator, Mapping

from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from node.brokers.histogram import Histogram
from node.config.version import version
from node.telemetry import broker_families
from node.telemetry.metrics import Metrics

_GAUGES = (
    ("clients", "Connections of clients."),
    ("sessions", "Sessions whose connection is to this node."),
    ("rooms", "Rooms that this node follows."),
    ("orders", "Moderation rules that this node knows."),
    ("websockets", "Connections of clients over WebSocket; they are part of chat_clients."),
    ("broker_up", "1 while the broker delivers, else 0."),
)
"""Properties of ``Metrics``, read when they are rendered."""
_COUNTERS = (
    ("messages_in", "Messages and direct messages that clients sent."),
    ("entries", "Entries of rooms and inboxes received from the broker, each counted once."),
    ("deliveries", "Entries of rooms and inboxes written to clients."),
    ("bytes_in", "Bytes read from clients."),
    ("bytes_out", "Bytes written to clients."),
    ("holes_healed", "Holes in what the broker delivered, filled from the log."),
    ("rewinds_healed", "Logs that had gone back in time, repaired."),
    ("gaps", "Gaps reported to clients: entries that are no longer kept."),
    ("slow_readers", "Times that a client read more slowly than the node wrote."),
    ("resumes", "Sessions that were continued."),
    ("silent_connections", "Connections that ended before their client had said anything."),
    ("malformed", "Messages and replies of the broker that no node has written; dropped."),
    ("broker_reconnects", "Times that the node reconnected to the broker."),
)
"""The attributes of ``Counters``."""
_LABELLED = (
    ("refusals", "code", "Requests that were refused."),
    ("byes", "reason", "Connections that the node ended."),
    ("limited", "limit", "Times that a client reached a limit."),
    ("passwords", "verdict", "Passwords of accounts that were checked."),
    ("web_requests", "status", "Responses of the web port, by HTTP status."),
    ("web_refused", "why", "Requests to the web port that were refused."),
)
"""Counters with a label."""
_HISTOGRAMS = (
    ("round_trips", "publish_seconds", "Round trips of batches to the broker."),
    (
        *("delays", "delivery_seconds"),
        "From a message's arrival at this node until it was handed to its readers here; sampled.",
    ),
    ("lags", "loop_lag_seconds", "How late the tick came that is due once a second."),
)
"""Histograms, with their names in Prometheus."""


def render(nodes: Mapping[str, Metrics], log_lines_dropped: int = 0) -> bytes:
    """Return the metrics of nodes, by name, and those of the process."""
    return generate_latest(_Families(nodes, log_lines_dropped))


class _Families:
    def __init__(self, nodes: Mapping[str, Metrics], log_lines_dropped: int) -> None:
        self._nodes = nodes
        self._log_lines_dropped = log_lines_dropped

    def collect(self) -> Iterator[Metric]:
        """Called by prometheus_client."""
        yield self._info()
        yield from self._gauges()
        yield from self._counters()
        for attribute, name, text in _HISTOGRAMS:
            yield self._histogram(attribute, f"chat_{name}", text)
        yield from broker_families.collect(self._nodes)
        text = "Log lines that were dropped because nothing read them."
        yield CounterMetricFamily("chat_log_lines_dropped", text, self._log_lines_dropped)
        yield from ProcessCollector(registry=None).collect()

    def _info(self) -> Metric:
        info = InfoMetricFamily("chat_node", "The version that runs.", labels=["node"])
        for node in self._nodes:
            info.add_metric([node], {"version": version()})
        return info

    def _gauges(self) -> Iterator[Metric]:
        for attribute, text in _GAUGES:
            gauge = GaugeMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for node, metrics in self._nodes.items():
                gauge.add_metric([node], getattr(metrics, attribute))
            yield gauge
        text = "1 for each fault of Redis that the node sees."
        gauge = GaugeMetricFamily("chat_redis_faults", text, labels=["node", "fault"])
        for node, metrics in self._nodes.items():
            for fault, is_there in metrics.redis_faults.items():
                gauge.add_metric([node, str(fault)], is_there)
        yield gauge

    def _counters(self) -> Iterator[Metric]:
        for attribute, text in _COUNTERS:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node"])
            for node, metrics in self._nodes.items():
                counter.add_metric([node], getattr(metrics, attribute))
            yield counter
        for attribute, label, text in _LABELLED:
            counter = CounterMetricFamily(f"chat_{attribute}", text, labels=["node", label])
            for node, metrics in self._nodes.items():
                for value, count in getattr(metrics, attribute).items():
                    counter.add_metric([node, str(value)], count)
            yield counter

    def _histogram(self, attribute: str, name: str, text: str) -> Metric:
        family = HistogramMetricFamily(name, text, labels=["node"])
        for node, metrics in self._nodes.items():
            found: Histogram = getattr(metrics, attribute)
            family.add_metric([node], found.buckets(), found.sum)
        return family
