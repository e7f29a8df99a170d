"""What a broker knows of its servers and its upkeep is rendered, with bounded labels."""

from typing import Any

from node.brokers.broker_counts import FAILED
from node.brokers.decode_seats import Ahead, Held, Other, Settled, Unhealed
from node.brokers.server_counts import ServerCounts, ServerState
from node.core.model import Unavailable
from node.telemetry.metrics import Metrics
from node.telemetry.prometheus import render
from tests.unit.node.telemetry.fake_broker import FakeBroker
from tests.unit.node.telemetry.test_prometheus import FakeHub, Samples, key, samples


def told(broker: FakeBroker | None = None, metrics: Metrics | None = None) -> Samples:
    """Return the samples of a node with this broker."""
    metrics = metrics or Metrics()
    if broker is not None:
        metrics.watch(FakeHub(), broker)
    return samples(render({"a": metrics}))


def lane(name: str, shard: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return key(f"chat_broker_lane_{name}", node="a", shard=shard, **labels)


def test_a_rate_of_each_kind_and_reply_has_a_zero_to_begin_with() -> None:
    found = told()
    for kind in ("moved", "ask", "tryagain", "clusterdown"):
        assert found[key("chat_broker_redirects_total", node="a", kind=kind)] == 0
    for reply in ("ok", "ahead", "held", "other", "unhealed", FAILED):
        assert found[key("chat_settles_total", node="a", reply=reply)] == 0
    assert found[key("chat_audit_found_total", node="a")] == 0
    assert (
        found[key("chat_outs", node="a")] == found[key("chat_outs_oldest_seconds", node="a")] == 0
    )


def test_what_the_upkeep_counts_is_told() -> None:
    broker = FakeBroker()
    counts = broker.counts
    replies: list[Any] = [Settled(""), Ahead(1), Held("s", b"", 1), Other(b""), Unhealed()]
    replies.append(Unavailable.FULL)
    for reply in replies:
        counts.settled(reply)
    counts.redirected(Exception("MOVED 5 a:1"))
    counts.waiting(3, 4.5)
    counts.compared(61.5)
    found = told(broker)
    for reply in ("ok", "ahead", "held", "other", "unhealed", FAILED):
        assert found[key("chat_settles_total", node="a", reply=reply)] == 1
    assert found[key("chat_broker_redirects_total", node="a", kind="moved")] == 1
    assert found[key("chat_outs", node="a")] == 3
    assert found[key("chat_outs_oldest_seconds", node="a")] == 4.5
    assert found[key("chat_broker_clocks_apart_seconds", node="a")] == 61.5


def test_each_server_is_told_by_its_name_and_the_node_has_their_sum() -> None:
    broker, metrics = FakeBroker(), Metrics()
    here, there = (ServerCounts(name, metrics) for name in ("x:7000", "x:7001"))
    broker.servers = [ServerState(False, here), ServerState(True, there)]
    here.published(0.002)
    here.published(0.25)
    here.reconnected()
    found = told(broker, metrics)
    assert (found[lane("up", "x:7000")], found[lane("up", "x:7001")]) == (1, 0)
    assert found[lane("lag_seconds", "x:7000")] == 0.25
    assert lane("lag_seconds", "x:7001") not in found, "it has not answered yet"
    assert found[lane("pipeline_seconds_bucket", "x:7000", le="0.0025")] == 1
    assert found[lane("pipeline_seconds_count", "x:7000")] == 2
    assert found[lane("pipeline_seconds_count", "x:7001")] == 0
    assert found[key("chat_publish_seconds_count", node="a")] == 2
    assert found[key("chat_broker_reconnects_total", node="a")] == 1
    assert (here.reconnects, there.reconnects) == (1, 0)


def test_a_server_that_keeps_no_slot_any_more_is_left_out() -> None:
    broker = FakeBroker()
    broker.servers = [ServerState(False, ServerCounts("x:7000", Metrics()))]
    assert lane("up", "x:7000") in told(broker)
    broker.servers = []
    assert not [name for name, _ in told(broker) if "lane" in name]
