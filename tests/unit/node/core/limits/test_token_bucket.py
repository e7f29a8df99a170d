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
    bucket = TokenBucket(20, 60)
    assert [bucket.take(5.0) for _ in range(60)] == [0.0] * 60
    assert 0.049 < bucket.take(5.0) <= 0.05
    assert bucket.take(5.05) == 0.0
    assert bucket.take(5.05) > 0.0


def test_a_refused_request_takes_nothing() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.take(0.0) == 0.0
    assert all(bucket.take(0.5) > 0 for _ in range(100))
    assert bucket.take(1.0) == 0.0


def test_a_long_pause_saves_up_no_more_than_the_burst() -> None:
    bucket = TokenBucket(10, 3)
    bucket.take(0.0)
    allowed = [bucket.take(1e6) == 0.0 for _ in range(10)]
    assert allowed == [True] * 3 + [False] * 7


def test_rate_zero_is_no_limit() -> None:
    bucket = TokenBucket(0, 0)
    assert not any(bucket.take(7.0) for _ in range(10_000))


def test_a_rate_below_one_waits_for_seconds() -> None:
    bucket = TokenBucket(0.1, 1)
    assert bucket.take(0.0) == 0.0
    assert 9.99 < bucket.take(0.0) <= 10.0


@given(rates, bursts, clocks)
def test_who_waits_as_long_as_told_is_allowed(rate: float, burst: float, now: float) -> None:
    bucket = TokenBucket(rate, burst)
    while not (wait := bucket.take(now)):
        pass
    assert bucket.take(now + wait) == 0.0


@given(rates, bursts, st.lists(st.floats(0, 10), max_size=200))
def test_no_window_sees_more_than_burst_and_rate(
    rate: float, burst: float, pauses: list[float]
) -> None:
    bucket = TokenBucket(rate, burst)
    now, allowed = 0.0, 0
    for pause in pauses:
        now += pause
        allowed += bucket.take(now) == 0.0
        assert allowed <= burst + rate * now + 0.1


def test_what_is_given_back_may_be_taken_again() -> None:
    bucket = TokenBucket(1, 3)
    assert [bucket.spare(0.0), bucket.take(0.0), bucket.spare(0.0)] == [3, 0.0, 2]
    bucket.charge(2, 0.0)
    assert bucket.spare(0.0) == 0 and bucket.take(0.0) > 0
    bucket.give_back(2)
    assert bucket.spare(0.0) == 2
    bucket.give_back()
    assert bucket.spare(0.0) == 3 and bucket.spare(100.0) == 3


def test_what_comes_back_in_days_is_not_there_in_seconds() -> None:
    bucket = TokenBucket(200 / 86400, 200)
    bucket.charge(200, 0.0)
    assert bucket.spare(60.0) == 0
    assert bucket.spare(433.0) == 1


def test_who_takes_more_than_is_allowed_waits_for_a_bounded_time() -> None:
    bucket = TokenBucket(10, 20)
    assert bucket.charge(20, 0.0) == 0.0
    assert bucket.charge(1, 0.0) == pytest.approx(0.1)
    assert bucket.charge(10**9, 0.0) == DEBT
    assert bucket.take(DEBT + 0.1) == 0.0


def test_a_limiter_rests_when_it_is_as_good_as_new() -> None:
    bucket = TokenBucket(1, 3)
    assert bucket.rests(0.0)
    bucket.take(0.0)
    assert not bucket.rests(0.9) and bucket.rests(1.0)


def test_what_is_owed_is_told_and_nothing_is_taken() -> None:
    bucket = TokenBucket(10, 20)
    assert bucket.owed(0.0) == 0.0
    bucket.charge(20, 0.0)
    assert bucket.owed(0.0) == 0.0, "all of it was allowed"
    assert bucket.owed(0.0, 1) == pytest.approx(0.1) == bucket.take(0.0)
    bucket.charge(30, 0.0, inf)
    assert bucket.owed(0.0) == pytest.approx(3.0) and bucket.owed(1.0) == pytest.approx(2.0)
    assert bucket.owed(1.0, 5) == pytest.approx(2.5)
    assert bucket.take(2.99) > 0 and bucket.take(3.1) == 0.0


def test_a_small_charge_leaves_a_great_debt_as_it_is() -> None:
    bucket = TokenBucket(10, 20)
    bucket.charge(100, 0.0, inf)
    assert bucket.charge(1, 0.0) == pytest.approx(8.0)
    bucket.give_back(80)
    assert bucket.owed(0.0) == 0.0


def test_a_limiter_gives_all_that_is_asked_for_or_nothing() -> None:
    bucket = TokenBucket(10, 100)
    assert bucket.take(0.0, 60) == 0.0
    assert abs(bucket.take(0.0, 60) - 2.0) < 1e-9
    assert bucket.take(0.0, 40) == 0.0 and bucket.take(0.0) > 0
    assert bucket.take(10.0, 100) == 0.0
