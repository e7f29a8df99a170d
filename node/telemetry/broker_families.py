"""Renders what nodes tell of their brokers: each server that keeps data, and the upkeep."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from node.brokers.server_counts import ServerState
from node.telemetry.metrics import Metrics

Nodes = Mapping[str, Metrics]

_GAUGES = (
    ("outs", "outs", "Departures and ended rooms that wait to be settled, of the whole system."),
    ("outs_oldest", "outs_oldest_seconds", "How long the oldest of them has been waiting."),
    ("clocks_apart", "broker_clocks_apart_seconds", "By how much the clocks of servers differ."),
)
"""Attributes of ``BrokerCounts``, with their names in Prometheus."""
_LABELLED = (
    (
        *("redirects", "broker_redirects", "kind"),
        "Calls and subscriptions that a master did not take because of their slots.",
    ),
    (
        *("settles", "settles", "reply"),
        "Answers of rooms about sessions that come in, go out or have another nick.",
    ),
)
"""Counters with a label, likewise."""
_OF_SERVERS: tuple[tuple[str, str, Callable[[ServerState], float | None]], ...] = (
    (
        "broker_lane_up",
        "1 while the server runs the node's calls, else 0.",
        lambda server: int(not server.is_away),
    ),
    (
        "broker_lane_lag_seconds",
        "Round trip of the last batch of calls that the server answered.",
        lambda server: server.counts.lag,
    ),
)


def collect(nodes: Nodes) -> Iterator[Metric]:
    """Yield the metrics of the brokers of nodes, by the names of the nodes."""
    yield from _upkeep(nodes)
    yield from _servers(nodes)


def _upkeep(nodes: Nodes) -> Iterator[Metric]:
    for attribute, name, text in _GAUGES:
        gauge = GaugeMetricFamily(f"chat_{name}", text, labels=["node"])
        for node, metrics in nodes.items():
            gauge.add_metric([node], getattr(metrics.upkeep, attribute))
        yield gauge
    text = "Seats of rooms that were wrong, and were corrected."
    counter = CounterMetricFamily("chat_audit_found", text, labels=["node"])
    for node, metrics in nodes.items():
        counter.add_metric([node], metrics.upkeep.audit_found)
    yield counter
    for attribute, name, label, text in _LABELLED:
        counter = CounterMetricFamily(f"chat_{name}", text, labels=["node", label])
        for node, metrics in nodes.items():
            for value, count in getattr(metrics.upkeep, attribute).items():
                counter.add_metric([node, value], count)
        yield counter


def _servers(nodes: Nodes) -> Iterator[Metric]:
    servers = [(node, server) for node, metrics in nodes.items() for server in metrics.servers]
    for name, text, value in _OF_SERVERS:
        gauge = GaugeMetricFamily(f"chat_{name}", text, labels=["node", "shard"])
        for node, server in servers:
            if (found := value(server)) is not None:
                gauge.add_metric([node, server.counts.name], found)
        yield gauge
    text = "Round trips of batches of calls to the server."
    name = "chat_broker_lane_pipeline_seconds"
    histogram = HistogramMetricFamily(name, text, labels=["node", "shard"])
    for node, server in servers:
        pipelines = server.counts.pipelines
        histogram.add_metric([node, server.counts.name], pipelines.buckets(), pipelines.sum)
    yield histogram
