"""A server is left once it has not been used for a while, and again after it was used."""

from node.brokers.unused_servers import UNUSED_AFTER, UnusedServers


def test_a_server_is_left_once_it_was_not_used_for_a_while() -> None:
    time = 5.0
    unused = UnusedServers(lambda: time)
    assert not unused.is_over(1, False)
    time += UNUSED_AFTER - 1
    assert not unused.is_over(1, False) and not unused.is_over(2, False)
    time += 1
    assert unused.is_over(1, False) and not unused.is_over(2, False)
    time += UNUSED_AFTER
    assert not unused.is_over(1, False), "its connections are closed already"
    assert unused.is_over(2, False)


def test_a_server_that_is_used_meanwhile_is_not_left() -> None:
    time = 0.0
    unused = UnusedServers(lambda: time)
    assert not unused.is_over(1, False)
    time = UNUSED_AFTER
    assert not unused.is_over(1, True)
    assert not unused.is_over(1, False)
    time = 2 * UNUSED_AFTER
    assert unused.is_over(1, False)
    assert not unused.is_over(1, True)
    assert not unused.is_over(1, False)
    time = 3 * UNUSED_AFTER
    assert unused.is_over(1, False)
