"""A flood is handled slowly: so many lines at once, then a wait, all of them in order."""

import pytest

from node.core.limits.admission import AddressUsage, Bounds
from node.net.read_throttle import LINES_AT_ONCE, ReadThrottle

# Five lines for each request of the rate, but at least 300 at once.
RATE = (100.0, 60.0)


def lines(first: int, last: int) -> list[bytes]:
    """Return numbered lines."""
    return [b"%d" % number for number in range(first, last)]


def test_without_a_rate_there_is_no_limit() -> None:
    assert not ReadThrottle((0.0, 0.0)).limited and ReadThrottle(RATE).limited


def test_lines_within_the_rate_are_returned_as_they_are() -> None:
    throttle = ReadThrottle(RATE)
    some = lines(0, 5)
    taken, wait = throttle.take(some, None, 0.0)
    assert taken is some and wait is None and not throttle.waiting


def test_more_lines_than_are_taken_at_once_are_held_and_come_in_order() -> None:
    throttle = ReadThrottle(RATE)
    last = 2 * LINES_AT_ONCE + 1
    found, wait = throttle.take(lines(0, last), None, 0.0)
    assert len(found) == LINES_AT_ONCE and wait == 0.0 and throttle.held
    while throttle.waiting:
        throttle.go_on()
        more, _ = throttle.take([], None, 0.0)
        found += more
    assert found == lines(0, last) and not throttle.held


def test_lines_that_come_during_the_wait_are_held_behind_the_others() -> None:
    throttle = ReadThrottle(RATE)
    found, _ = throttle.take(lines(0, LINES_AT_ONCE + 1), None, 0.0)
    assert throttle.take([b"late"], None, 0.0) == ([], None)
    throttle.go_on()
    more, _ = throttle.take([b"later"], None, 0.0)
    assert more == [b"%d" % LINES_AT_ONCE, b"late", b"later"]


def test_a_rate_that_is_used_up_makes_wait_until_it_is_allowed_again() -> None:
    throttle = ReadThrottle(RATE)
    waits = [throttle.take(lines(0, count), None, 0.0)[1] for count in (100, 100, 99)]
    assert waits == [None] * 3
    taken, wait = throttle.take(lines(0, 51), None, 0.0)
    assert len(taken) == 51 and wait == pytest.approx(0.1) and throttle.waiting


def test_the_usage_of_the_address_counts_too() -> None:
    throttle = ReadThrottle((1e6, 1e6))
    usage = AddressUsage("192.0.2.7", Bounds(requests=(1.0, 1.0)))
    waits = [throttle.take(lines(0, 100), usage, 0.0)[1] for _ in range(61)]
    assert waits[:60] == [None] * 60 and waits[60] == pytest.approx(0.05)


def test_what_is_held_can_be_discarded() -> None:
    throttle = ReadThrottle(RATE)
    throttle.take(lines(0, 1000), None, 0.0)
    throttle.discard()
    assert not throttle.held
