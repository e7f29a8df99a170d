"""A server without sessions gets probes as long as it keeps a slot."""

from typing import cast

import pytest

from node.brokers import keys
from node.brokers.lease import Lease
from node.brokers.readiness import DEAF_AFTER
from node.brokers.shard_probe import ShardProbe
from node.brokers.slot_map import SLOTS, SlotMap, slot_of
from node.brokers.subscriptions import Subscriptions
from tests.unit.node.brokers.bench import ContextBench


class Bench(ContextBench):
    """A probe of the second of two masters; the first one has the sessions."""

    def __init__(self) -> None:
        super().__init__(servers=3)
        self.wanted: list[bytes] = []
        self.rebuilt: list[int] = []
        self.slots = SlotMap()
        for number in (1, 2):
            self.slots.number(("host", number))
        self.slots.move(range(SLOTS), 1)
        lease = Lease(8.0, self.context.clock, self.random_id)
        subscriptions = cast(Subscriptions, self)
        self.probe = ShardProbe(self.context, lease, 2, self.slots, subscriptions)

    def want(self, channel: bytes) -> None:
        self.wanted.append(channel)

    def unwant(self, channel: bytes) -> None:
        self.wanted.remove(channel)

    def rebuild(self, number: int) -> None:
        self.rebuilt.append(number)

    def send(self, after: float = 1.0) -> None:
        """Send a probe, and let the server take it."""
        self.time += after
        self.probe.send()
        args = self.answer("probe", [b"ok"])
        assert args is not None and args[0] == 2 and args[-1] == b"shard 2"
        assert [args[1].encode()] == self.wanted


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_server_without_a_slot_gets_none(bench: Bench) -> None:
    bench.probe.send()
    assert bench.calls == [] and bench.wanted == []


def test_a_probe_goes_by_a_slot_that_the_server_keeps(bench: Bench) -> None:
    bench.slots.move([slot_of("5")], 2)
    bench.send()
    assert bench.wanted == [keys.probe_channel("5", "id1")]
    bench.slots.move([slot_of("7")], 2)
    bench.slots.move([slot_of("5")], 1)
    bench.send()
    assert bench.wanted == [keys.probe_channel("7", "id1")]
    bench.slots.move([slot_of("7")], 1)
    bench.probe.send()
    assert bench.calls == [] and bench.wanted == []


def test_the_server_with_the_sessions_needs_none(bench: Bench) -> None:
    bench.slots.move([slot_of("5")], 2)
    bench.send()
    bench.slots.move([slot_of("c")], 2)
    bench.probe.send()
    assert bench.calls == [] and bench.wanted == []


def test_a_subscription_that_brings_no_probe_is_replaced(bench: Bench) -> None:
    bench.slots.move([slot_of("5")], 2)
    bench.send()
    bench.send(DEAF_AFTER - 0.5)
    assert bench.rebuilt == []
    bench.probe.heard()
    bench.send(DEAF_AFTER)
    assert bench.rebuilt == []
    bench.send(DEAF_AFTER)
    assert bench.rebuilt == [2]
