"""A room may have lost the seats of sessions here, and have as many others as before."""

import pytest

from tests.unit.node.brokers.audit_bench import RIGHT, SEAT, AuditBench


def look(bench: AuditBench, *pages: list[list[bytes]]) -> None:
    """Look through `tea`, page by page."""
    bench.context.births = {"r:tea": b"b1"}
    bench.audit.look()
    for number, seats in enumerate(pages, 1):
        bench.page(*seats, cursor=b"%d" % (number % len(pages)))
        if seats:
            bench.answer("verify", [b"ok", *[RIGHT] * len(seats)])


@pytest.fixture
def bench() -> AuditBench:
    return AuditBench()


def test_a_session_here_without_a_seat_is_reported_at_the_second_search(bench: AuditBench) -> None:
    """As many seats as before may have come back, but of others."""
    others = [[b"s8", *SEAT[1:]], [b"s9", *SEAT[1:]]]
    bench.events.here |= {"s1", "s2"}
    bench.events.members["r:tea"] = 2
    for told in ([], [("absent", "r:tea")]):
        look(bench, [SEAT], others)
        assert bench.events.told == told and bench.calls == []
    bench.audit.look()
    assert bench.calls == [], "only after the next break, or long after"


def test_a_session_here_that_had_no_seat_yet_is_not_reported(bench: AuditBench) -> None:
    bench.events.here |= {"s1", "s2"}
    bench.events.members["r:tea"] = 2
    look(bench, [SEAT])
    for _ in range(2):
        look(bench, [SEAT], [[b"s2", *SEAT[1:]]])
        bench.context.healed |= {"r:tea"}
    look(bench, [SEAT])
    assert bench.events.told == []


def test_a_room_that_redis_has_lost_is_not_reported(bench: AuditBench) -> None:
    """It is put back with its log."""
    bench.events.members["r:tea"] = 1
    bench.context.births = {"r:tea": b"b1"}
    bench.audit.look()
    bench.answer("seats", [b"", b"0"])
    bench.audit.look()
    assert bench.calls == [] and bench.events.told == []
