"""A node knows the chat's time within bounds, whatever becomes of Redis' clock."""

import pytest

from node.brokers.clock import ALONE_AFTER, SLACK, Clock


class ClockBench:
    """A clock over one that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.clock = Clock(lambda: self.now)

    def update(self, time: int, doubt: int = 0, took: float = 0.0) -> bool:
        """Take a time that Redis read while a call took so many seconds."""
        asked = self.now
        self.now += took
        return self.clock.update(asked, time, doubt)


@pytest.fixture
def bench() -> ClockBench:
    return ClockBench()


def test_the_time_is_not_known_at_first(bench: ClockBench) -> None:
    assert bench.clock.args() == [0, 0, 0]


def test_the_time_lies_between_the_call_and_its_reply(bench: ClockBench) -> None:
    assert not bench.update(5000, took=0.5)
    bench.now += 1.0
    assert (bench.clock.least(), bench.clock.most()) == (6000, 6500)


def test_a_clock_that_is_too_far_ahead_was_set_forwards(bench: ClockBench) -> None:
    bench.update(5000)
    bench.now += 1.0
    assert bench.update(6000, doubt=6000 + int(SLACK * 1000) + 1), "renew again, to say so"
    assert bench.clock.args() == [6000, 6000, 1]
    assert not bench.update(6000)
    assert bench.clock.args() == [6000, 6000, 0]


def test_a_call_that_redis_was_late_to_run_is_no_sign_of_a_clock_that_was_set(
    bench: ClockBench,
) -> None:
    bench.update(5000)
    assert bench.update(6000, doubt=9000, took=4.0), "renew again, with what is known now"
    assert bench.clock.args() == [9000, 9000, 0]


def test_a_node_that_has_just_begun_trusts_redis_after_a_while(bench: ClockBench) -> None:
    assert not bench.update(5000, doubt=9000)
    bench.now += ALONE_AFTER - 0.1
    assert not bench.update(5000, doubt=12_000)
    assert bench.clock.least() == 0
    bench.now += 0.1
    assert not bench.update(5000, doubt=12_100)
    assert bench.clock.least() == 12_100
