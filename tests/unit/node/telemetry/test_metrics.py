"""Metrics of a node: the message that is followed, and whether the broker is up."""

from node.core.model import NodeSizes
from node.telemetry.metrics import FOLLOWED_FOR, Metrics
from tests.unit.node.telemetry.fake_broker import FakeBroker


class FakeHub:
    def sizes(self) -> NodeSizes:
        return NodeSizes(0, 0, 0, 0)


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
    broker = FakeBroker()
    assert metrics.broker_up == 0
    metrics.watch(FakeHub(), broker)
    assert metrics.broker_up == 1
    broker.reason = "no probe came back"
    assert metrics.broker_up == 0
