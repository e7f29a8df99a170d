"""How long one waits for a node."""

import pytest

from client.protocol.errors import Unreachable
from client.transport.outage import Outage


def test_it_is_news_once_until_a_node_was_there() -> None:
    outage = Outage(None, 0.0)
    assert outage.is_news() and not outage.is_news()
    outage.end()
    outage.begin(5.0)
    assert outage.is_news() and not outage.is_news()


def test_a_pause_is_limited_to_the_rest_of_the_patience() -> None:
    outage = Outage(10.0, 100.0)
    assert outage.bounded(3.0, "why", 105.0) == 3.0
    assert outage.bounded(3.0, "why", 108.0) == 2.0
    with pytest.raises(Unreachable, match="the last one tried: why"):
        outage.bounded(3.0, "why", 110.0)


def test_it_begins_again_with_each_lost_connection() -> None:
    outage = Outage(10.0, 0.0)
    outage.end()
    assert outage.bounded(3.0, "why", 1000.0) == 3.0
    outage.begin(1000.0)
    assert outage.bounded(3.0, "why", 1008.5) == 1.5


def test_without_a_limit_the_client_waits_for_ever() -> None:
    assert Outage(None, 0.0).bounded(3.0, "why", 1e9) == 3.0
