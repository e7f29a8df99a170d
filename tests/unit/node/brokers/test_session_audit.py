"""The sessions that Redis has at a node are compared with those that are there."""

import pytest

from node.brokers.holds import Holds
from node.brokers.lease import Lease
from node.brokers.session_audit import LOOK_EVERY, SessionAudit
from node.core.model import FencingToken, Unavailable
from tests.unit.node.brokers.bench import ContextBench

STRAY = [b"s1", b"id1.1"]


class AuditBench(ContextBench):
    """An audit that notes what it releases."""

    def __init__(self) -> None:
        super().__init__()
        self.released: list[FencingToken] = []
        self.ended: list[FencingToken] = []
        self.lease = Lease(8.0, self.context.clock, self.random_id)
        self.holds = Holds()
        self.audit = SessionAudit(self.context, self.lease, self.release, self.holds)

    def release(self, token: FencingToken, quit: bool) -> None:
        (self.ended if quit else self.released).append(token)


@pytest.fixture
def bench() -> AuditBench:
    return AuditBench()


def test_a_stray_is_released_at_once_if_redis_went_back(bench: AuditBench) -> None:
    bench.audit.look_for_strays(at_once=True)
    bench.answer("held", [b"0", *STRAY])
    assert bench.released == [FencingToken("s1", "id1.1")]


def test_a_stray_that_has_ended_here_is_ended_again(bench: AuditBench) -> None:
    bench.holds.end(FencingToken("s1", "id1.1"), for_good=True)
    bench.audit.look_for_strays(at_once=True)
    bench.answer("held", [b"0", *STRAY, b"s1", b"id1.2"])
    assert (bench.ended, bench.released) == (
        [FencingToken("s1", "id1.1")],
        [FencingToken("s1", "id1.2")],
    )


def test_a_stray_that_has_ended_here_is_ended_at_the_first_search(bench: AuditBench) -> None:
    bench.holds.end(FencingToken("s1", "id1.1"), for_good=True)
    bench.audit.look_for_strays(at_once=False)
    bench.answer("held", [b"0", *STRAY])
    assert bench.ended == [FencingToken("s1", "id1.1")]


def test_a_stray_is_released_at_the_second_search_otherwise(bench: AuditBench) -> None:
    bench.audit.look_for_strays(at_once=False)
    bench.answer("held", [b"0", *STRAY])
    assert bench.released == []
    bench.audit.look_for_strays(at_once=False)
    bench.answer("held", [b"0", *STRAY])
    assert bench.released == [FencingToken("s1", "id1.1")]


def test_a_session_that_has_come_in_meanwhile_is_no_stray(bench: AuditBench) -> None:
    bench.audit.look_for_strays(at_once=False)
    bench.answer("held", [b"0", *STRAY])
    bench.events.here.add("s1")
    bench.audit.look_for_strays(at_once=False)
    bench.answer("held", [b"0", *STRAY])
    assert bench.released == []


def test_a_session_whose_rooms_are_being_told_is_no_stray(bench: AuditBench) -> None:
    """Redis has decided that it is here, and its client has no `welcome` yet."""
    bench.holds.coming.add(FencingToken("s1", "id1.1"))
    bench.audit.look_for_strays(at_once=True)
    bench.answer("held", [b"0", *STRAY, b"s1", b"id1.2"])
    assert bench.released == [FencingToken("s1", "id1.2")]


def test_all_pages_are_read_before_a_stray_is_released(bench: AuditBench) -> None:
    bench.audit.look_for_strays(at_once=True)
    args = bench.answer("held", [b"7", *STRAY])
    assert args == (0, "id1", b"0", 250) and bench.released == []
    args = bench.answer("held", [b"0", b"s2", b"id1.2"])
    assert args == (0, "id1", b"7", 250)
    assert {token.session for token in bench.released} == {"s1", "s2"}


def test_pages_of_a_former_incarnation_are_not_used(bench: AuditBench) -> None:
    bench.audit.look_for_strays(at_once=True)
    bench.lease.replace()
    bench.answer("held", [b"0", *STRAY])
    assert bench.released == [] and bench.calls == []


def test_a_session_that_redis_lost_is_reported_if_it_is_here(bench: AuditBench) -> None:
    bench.events.here = {"s1", "s3"}
    bench.audit.look_for_vanished()
    bench.answer("held", [b"0", b"s1", b"", b"s2", b"", b"s3", b"id1.3"])
    assert bench.events.told == [("vanished", "s1")]


def test_sessions_that_redis_may_have_lost_are_looked_at_page_by_page(bench: AuditBench) -> None:
    bench.audit.look_for_vanished()
    bench.answer("held", [b"9"])
    bench.audit.look_for_vanished()
    assert bench.answer("held", Unavailable.UNREACHABLE) == (0, "id1", b"9", 250)
    bench.audit.look_for_vanished()
    assert bench.answer("held", [b"0"]) == (0, "id1", b"9", 250), "the same page again"


def test_a_search_for_strays_is_due_after_a_while(bench: AuditBench) -> None:
    assert bench.audit.is_due()
    bench.audit.look_for_strays(at_once=False)
    assert not bench.audit.is_due()
    bench.time += LOOK_EVERY
    assert bench.audit.is_due()


def test_a_session_that_is_leaving_is_not_missed_in_redis(bench: AuditBench) -> None:
    """It is over there some time before its client has its `bye`."""
    bench.events.here |= {"s1", "s2"}
    assert bench.audit.here() == 2
    bench.holds.leaving |= {FencingToken("s1", "id1.1"), FencingToken("s3", "id1.3")}
    assert bench.audit.here() == 1
