"""Channels are subscribed to at the server that keeps their slots, also when these move."""

from typing import cast

import pytest

from node.brokers.slot_map import SlotMap, slot_of
from node.brokers.subscriber import Subscriber
from node.brokers.subscriptions import Subscriptions

TEA, INK = b"chat:{r:tea}:live", b"chat:{r:ink}:live"


class Subscribed:
    """Takes the place of the subscriber of one server."""

    def __init__(self) -> None:
        self.wanted: set[bytes] = set()
        self.rebuilt = 0

    def want(self, channel: bytes) -> None:
        self.wanted.add(channel)

    def unwant(self, channel: bytes) -> None:
        self.wanted.discard(channel)

    forget = unwant

    def rebuild(self) -> None:
        self.rebuilt += 1


class Bench:
    """The seed and two masters."""

    def __init__(self) -> None:
        self.slots = SlotMap()
        self.slots.number(("a", 1))
        self.slots.number(("b", 2))
        self.subscriptions = Subscriptions(self.slots.place)
        self.servers = [Subscribed() for _ in range(3)]
        self.subscriptions.all += [cast(Subscriber, server) for server in self.servers]

    def wanted(self) -> list[set[bytes]]:
        return [server.wanted for server in self.servers]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_channels_follow_their_slots(bench: Bench) -> None:
    bench.slots.move([slot_of("r:tea"), slot_of("r:ink")], 1)
    for channel in (TEA, INK):
        bench.subscriptions.want(channel)
    bench.slots.move([slot_of("r:ink")], 2)
    bench.subscriptions.spread()
    assert bench.wanted() == [set(), {TEA}, {INK}]
    assert [server.rebuilt for server in bench.servers] == [0, 0, 0]
    bench.subscriptions.unwant(INK)
    assert bench.wanted() == [set(), {TEA}, set()]


def test_the_seed_brings_nothing_twice(bench: Bench) -> None:
    bench.subscriptions.want(TEA)
    assert bench.wanted() == [{TEA}, set(), set()]
    bench.slots.move([slot_of("r:tea")], 1)
    bench.subscriptions.spread()
    assert bench.wanted() == [set(), {TEA}, set()] and bench.servers[0].rebuilt == 1
    bench.subscriptions.spread()
    assert bench.servers[0].rebuilt == 1


def test_the_connection_of_the_own_channel_is_replaced_where_it_is(bench: Bench) -> None:
    bench.slots.move([slot_of("c")], 2)
    bench.subscriptions.rebuild_control()
    assert [server.rebuilt for server in bench.servers] == [0, 0, 1]


def test_a_single_server_has_all_channels() -> None:
    subscriptions, server = Subscriptions(None), Subscribed()
    subscriptions.all.append(cast(Subscriber, server))
    subscriptions.want(TEA)
    subscriptions.spread()
    subscriptions.rebuild_control()
    assert server.wanted == {TEA} and server.rebuilt == 1


def test_a_channel_that_is_given_up_while_its_slot_moves_is_wanted_nowhere(bench: Bench) -> None:
    bench.slots.move([slot_of("r:tea")], 1)
    bench.subscriptions.want(TEA)
    bench.slots.move([slot_of("r:tea")], 2)
    bench.subscriptions.unwant(TEA)
    bench.subscriptions.spread()
    assert bench.wanted() == [set(), set(), set()]
