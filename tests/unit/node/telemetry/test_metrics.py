"""Metrics of a node: histograms, the message that is followed, and whether the broker is up."""

from node.core.model import NodeSizes
from node.telemetry.metrics import FOLLOWED_FOR, Histogram, Metrics


class FakeHub:
    def sizes(self) -> NodeSizes:
        return NodeSizes(0, 0, 0, 0)


def test_buckets_only_grow() -> None:
    histogram = Histogram()
    for number in range(100):
        histogram.observe(number / 10)
    counts = [count for _, count in histogram.buckets()]
    assert counts == sorted(counts)
    assert counts[-1] == 100


def test_a_message_that_never_comes_is_not_waited_for_and_not_counted() -> None:
    time = 0.0
    metrics = Metrics(lambda: time)
    metrics.follow("r:tea", b"x1", 0.0)
    time = FOLLOWED_FOR
    metrics.ticked(0.0)
    assert metrics.awaited == "r:tea"
    time = FOLLOWED_FOR + 1
    metrics.ticked(0.0)
    assert metrics.awaited is None
    assert sum(metrics.delays.counts) == 0


def test_the_broker_is_up_while_there_is_no_reason_why_not() -> None:
    metrics = Metrics()
    reasons: list[str | None] = [None, "no probe came back"]
    assert metrics.broker_up == 0
    metrics.watch(FakeHub(), reasons.pop)
    assert [metrics.broker_up, metrics.broker_up] == [0, 1]
