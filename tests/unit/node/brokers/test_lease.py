"""A lease knows from the renewals whether Redis has gone back, and lost sessions."""

from itertools import count

import pytest

from node.brokers.decode_upkeep import Renewal
from node.brokers.lease import REMEMBERED, Lease


class LeaseBench:
    """A lease of 8 seconds, on a clock that stands still."""

    def __init__(self) -> None:
        numbers = count(1)
        self.lease = Lease(8.0, lambda: 0.0, lambda: f"inc{next(numbers)}")

    def forgot(self, status: bytes, changes: int, known: int) -> bool:
        return self.lease.forgot(known, renewal(status, changes))


def renewal(
    status: bytes = b"ok",
    changes: int = 0,
    time: int = 1000,
    here: int = 0,
    nameless: int = 0,
    step: int = 0,
    before: float = 0.0,
) -> Renewal:
    """Return the reply to a renewal."""
    return Renewal(status, changes, time, b"", here, nameless, 0, step, before)


@pytest.fixture
def bench() -> LeaseBench:
    return LeaseBench()


def test_the_first_renewal_shows_no_loss(bench: LeaseBench) -> None:
    assert not bench.forgot(b"new", 0, 0)
    assert not bench.forgot(b"ok", 0, 0)


def test_redis_forgot_a_lease_that_is_new_to_it_again(bench: LeaseBench) -> None:
    bench.forgot(b"new", 0, 0)
    assert bench.forgot(b"new", 0, 0)


def test_redis_forgot_changes_that_it_had_counted(bench: LeaseBench) -> None:
    bench.forgot(b"new", 0, 0)
    bench.lease.note("inc1.1", 3)
    assert bench.forgot(b"ok", 2, bench.lease.changes)
    assert bench.lease.changes == 2
    assert not bench.forgot(b"ok", 2, 2)


def test_a_number_that_comes_twice_shows_that_redis_went_back(bench: LeaseBench) -> None:
    bench.forgot(b"new", 0, 0)
    bench.lease.note("inc1.1", 3)
    bench.lease.note("inc1.2", 3)
    assert bench.forgot(b"ok", 3, 3)
    assert not bench.forgot(b"ok", 3, 3), "it is known by now"


def test_a_reply_that_is_repeated_counts_nothing(bench: LeaseBench) -> None:
    bench.forgot(b"new", 0, 0)
    bench.lease.note("inc1.1", 3)
    bench.lease.note("inc1.1", -3)
    bench.lease.note("inc1.1", 0)
    assert not bench.forgot(b"ok", 3, 3)
    bench.lease.note("inc1.1", -2)
    assert bench.forgot(b"ok", 3, 3), "Redis has counted less than before"


def test_replies_to_another_incarnation_count_nothing(bench: LeaseBench) -> None:
    bench.lease.note("inc1.1", 5)
    bench.lease.replace()
    assert (bench.lease.incarnation, bench.lease.changes) == ("inc2", 0)
    bench.lease.note("inc1.1", 6)
    assert bench.lease.changes == 0
    bench.lease.note("inc2.1", 1)
    assert bench.lease.changes == 1


def test_the_count_of_a_reaped_incarnation_is_remembered(bench: LeaseBench) -> None:
    bench.lease.note("inc1.1", 5)
    assert bench.lease.changes_before("inc1.1") == 0, "it was not reaped"
    bench.lease.replace()
    assert bench.lease.changes_before("inc1.7") == 5
    bench.lease.note("inc2.1", 3)
    bench.lease.note("inc2.1", 1)  # Its count was deleted with the reap, and begins again.
    bench.lease.replace()
    assert bench.lease.changes_before("inc2.1") == 3


def test_few_reaped_incarnations_are_remembered(bench: LeaseBench) -> None:
    for number in range(REMEMBERED + 1):
        bench.lease.note(f"inc{number + 1}.1", 5)
        bench.lease.replace()
    assert [bench.lease.changes_before(f"inc{n + 1}.1") for n in range(3)] == [0, 5, 5]


def test_sessions_that_redis_lacks_are_missed_at_the_second_renewal(bench: LeaseBench) -> None:
    assert not bench.lease.lacks(2, renewal(here=1))
    assert bench.lease.lacks(2, renewal(here=1))
    assert not bench.lease.lacks(2, renewal(here=2))
    assert not bench.lease.lacks(2, renewal(here=1))


def test_nicks_that_are_all_gone_are_missed_at_once_and_once(bench: LeaseBench) -> None:
    assert not bench.lease.lacks(0, renewal(nameless=17)), "no session here has one"
    assert bench.lease.lacks(2, renewal(here=2, nameless=17))
    assert not bench.lease.lacks(2, renewal(here=2, nameless=17))
    assert bench.lease.lacks(2, renewal(here=2, nameless=18))


def test_redis_remembers_a_lease_if_it_tells_its_end(
    bench: LeaseBench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.lease.extend(0.0, renewal(time=1000)) == (False, False)
    assert bench.lease.extend(0.0, renewal(time=2000, before=9000.0)) == (True, False)
    assert bench.lease.extend(0.0, renewal(time=3000, before=9000.0)) == (False, False)
    assert caplog.messages == []
    bench.lease.extend(0.0, renewal(time=4000, step=-2500))
    assert caplog.messages == ["the clock of Redis was set by -2.5 s; deadlines are not affected"]
