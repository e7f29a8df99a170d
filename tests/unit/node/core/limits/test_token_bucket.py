"""The token bucket allows a burst, then the rate, and tells the truth about how long to wait."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.core.limits.token_bucket import DEBT, TokenBucket

rates = st.floats(0.01, 10_000)
bursts = st.floats(1, 1000)
clocks = st.floats(0, 1e7)


def test_a_burst_is_allowed_at_once_and_then_the_rate() -> None:
    limiter = TokenBucket(20, 60)
    assert [limiter.take(5.0) for _ in range(60)] == [0.0] * 60
    assert 0.049 < limiter.take(5.0) <= 0.05
    assert limiter.take(5.05) == 0.0
    assert limiter.take(5.05) > 0.0


def test_a_refused_request_takes_nothing() -> None:
    limiter = TokenBucket(1, 1)
    assert limiter.take(0.0) == 0.0
    assert all(limiter.take(0.5) > 0 for _ in range(100))
    assert limiter.take(1.0) == 0.0


def test_a_long_pause_saves_up_no_more_than_the_burst() -> None:
    limiter = TokenBucket(10, 3)
    limiter.take(0.0)
    allowed = [limiter.take(1e6) == 0.0 for _ in range(10)]
    assert allowed == [True] * 3 + [False] * 7


def test_rate_zero_is_no_limit() -> None:
    limiter = TokenBucket(0, 0)
    assert not any(limiter.take(7.0) for _ in range(10_000))


def test_a_rate_below_one_waits_for_seconds() -> None:
    limiter = TokenBucket(0.1, 1)
    assert limiter.take(0.0) == 0.0
    assert 9.99 < limiter.take(0.0) <= 10.0


@given(rates, bursts, clocks)
def test_who_waits_as_long_as_told_is_allowed(rate: float, burst: float, now: float) -> None:
    limiter = TokenBucket(rate, burst)
    while not (wait := limiter.take(now)):
        pass
    assert limiter.take(now + wait) == 0.0


@given(rates, bursts, st.lists(st.floats(0, 10), max_size=200))
def test_no_window_sees_more_than_burst_and_rate(
    rate: float, burst: float, pauses: list[float]
) -> None:
    limiter = TokenBucket(rate, burst)
    now, allowed = 0.0, 0
    for pause in pauses:
        now += pause
        allowed += limiter.take(now) == 0.0
        assert allowed <= burst + rate * now + 0.1


def test_what_is_given_back_may_be_taken_again() -> None:
    limiter = TokenBucket(1, 3)
    assert [limiter.spare(0.0), limiter.take(0.0), limiter.spare(0.0)] == [3, 0.0, 2]
    limiter.charge(2, 0.0)
    assert limiter.spare(0.0) == 0 and limiter.take(0.0) > 0
    limiter.give_back(2)
    assert limiter.spare(0.0) == 2
    limiter.give_back()
    assert limiter.spare(0.0) == 3 and limiter.spare(100.0) == 3


def test_what_comes_back_in_days_is_not_there_in_seconds() -> None:
    limiter = TokenBucket(200 / 86400, 200)
    limiter.charge(200, 0.0)
    assert limiter.spare(60.0) == 0
    assert limiter.spare(433.0) == 1


def test_who_takes_more_than_is_allowed_waits_for_a_bounded_time() -> None:
    limiter = TokenBucket(10, 20)
    assert limiter.charge(20, 0.0) == 0.0
    assert limiter.charge(1, 0.0) == pytest.approx(0.1)
    assert limiter.charge(10**9, 0.0) == DEBT
    assert limiter.take(DEBT + 0.1) == 0.0


def test_a_limiter_rests_when_it_is_as_good_as_new() -> None:
    limiter = TokenBucket(1, 3)
    assert limiter.rests(0.0)
    limiter.take(0.0)
    assert not limiter.rests(0.9) and limiter.rests(1.0)


def test_what_is_owed_is_told_and_nothing_is_taken() -> None:
    limiter = TokenBucket(10, 20)
    assert limiter.owed(0.0) == 0.0
    limiter.charge(20, 0.0)
    assert limiter.owed(0.0) == 0.0, "all of it was allowed"
    assert limiter.owed(0.0, 1) == pytest.approx(0.1) == limiter.take(0.0)
    limiter.charge(30, 0.0, inf)
    assert limiter.owed(0.0) == pytest.approx(3.0) and limiter.owed(1.0) == pytest.approx(2.0)
    assert limiter.owed(1.0, 5) == pytest.approx(2.5)
    assert limiter.take(2.99) > 0 and limiter.take(3.1) == 0.0


def test_a_small_charge_leaves_a_great_debt_as_it_is() -> None:
    limiter = TokenBucket(10, 20)
    limiter.charge(100, 0.0, inf)
    assert limiter.charge(1, 0.0) == pytest.approx(8.0)
    limiter.give_back(80)
    assert limiter.owed(0.0) == 0.0
