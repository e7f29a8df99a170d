"""Seats are compared with what is decided, once all nodes could put their sessions back."""

from typing import Any

import pytest

from node.brokers.calls import READ_WITHIN
from node.brokers.seat_audit import ENOUGH, EVERY
from node.core.model import Unavailable
from tests.unit.node.brokers.audit_bench import LEASE, RIGHT, SEAT, AuditBench
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import asked, said, seated


@pytest.fixture
def bench() -> AuditBench:
    return AuditBench()


# When


def test_rooms_are_looked_through_one_after_the_other(bench: AuditBench) -> None:
    bench.audit.look()
    bench.audit.look()
    assert bench.names() == ["seats"] and bench.listed() == "chat:{r:tea}"
    bench.page()
    assert bench.names() == ["seats"] and bench.listed() == "chat:{r:den}"
    bench.page()
    assert bench.calls == []


def test_rooms_are_looked_through_again_after_a_while(bench: AuditBench) -> None:
    bench.audit.look()
    bench.page()
    bench.page()
    bench.time = EVERY - 1.0
    bench.audit.look()
    assert bench.calls == []
    bench.time = EVERY
    bench.audit.look()
    assert bench.listed() == "chat:{r:tea}"


def test_no_further_room_is_begun_after_enough_seats_until_the_next_second(
    bench: AuditBench,
) -> None:
    bench.audit.look()
    bench.page(*[SEAT] * ENOUGH)
    bench.answer("verify", [b"ok", *[RIGHT] * ENOUGH])
    assert bench.calls == []
    bench.audit.look()
    assert bench.listed() == "chat:{r:den}"


def test_all_nodes_get_the_time_of_a_lease_before_seats_are_compared() -> None:
    bench = AuditBench(alone=False)
    bench.pass_seconds(LEASE)
    assert bench.calls == []
    bench.pass_seconds(1)
    assert bench.listed() == "chat:{r:tea}"


def test_rooms_are_looked_through_after_a_break_once_redis_has_been_steady() -> None:
    bench = AuditBench(alone=False)
    bench.pass_seconds(LEASE + 1)
    bench.page()
    bench.page()
    bench.pass_seconds(1)
    bench.contact.lost()
    bench.audit.look()
    bench.time += 10.0
    bench.pass_seconds(LEASE)
    assert bench.calls == []
    bench.pass_seconds(1)
    assert bench.listed() == "chat:{r:tea}"
    bench.page()
    bench.page()
    assert bench.calls == [], "each once"


def test_rooms_are_looked_through_when_any_server_was_away() -> None:
    bench = AuditBench(servers=2)
    contact = bench.servers[1].contact

    def comes_back() -> None:
        contact.answered(0.0, 0.0)

    for change in (comes_back, contact.lost):
        change()
        bench.audit.look()
        bench.page()
        bench.page()
        bench.audit.look()
        assert bench.calls == []


def test_nobody_is_compared_in_a_room_that_redis_has_lost(bench: AuditBench) -> None:
    """An eviction may take a room, and leave its seats: that says nothing of who is in it."""
    bench.context.births = {"r:tea": b"b1"}
    bench.audit.look()
    bench.answer("seats", [b"", b"0", *SEAT])
    assert bench.calls == []
    bench.audit.look()
    bench.page(SEAT)
    assert bench.names() == ["verify"]


def test_a_room_whose_log_was_healed_is_looked_through(bench: AuditBench) -> None:
    bench.context.births.clear()
    bench.audit.look()
    bench.context.healed |= {"r:tea"}
    bench.audit.look()
    assert bench.listed() == "chat:{r:tea}" and not bench.context.healed
    bench.page()
    bench.audit.look()
    assert bench.calls == []


# Pages


def test_a_room_is_looked_through_page_by_page(bench: AuditBench) -> None:
    bench.audit.look()
    other = [b"s2", *SEAT[1:]]
    assert bench.page(SEAT, other, cursor=b"42") == b"0"
    asked = bench.answer("verify", [b"ok", RIGHT, RIGHT])
    assert asked == (0, "tea", b"b1", "s1", b"op1", 7, "s2", b"op1", 7)
    assert bench.page(SEAT) == b"42"
    bench.answer("verify", [b"ok", RIGHT])
    assert bench.listed() == "chat:{r:den}"


def test_a_page_without_seats_is_not_the_last_one(bench: AuditBench) -> None:
    """Redis looks at some buckets of a hash for each page, and they may be empty."""
    bench.audit.look()
    bench.page(cursor=b"42")
    assert bench.listed() == "chat:{r:tea}" and bench.page() == b"42"


@pytest.mark.parametrize("reply", [Unavailable.UNREACHABLE, [b"b1"]])
def test_a_room_whose_seats_are_not_listed_is_looked_through_later(
    bench: AuditBench, reply: Any
) -> None:
    bench.audit.look()
    bench.answer("seats", reply)
    assert bench.calls == []
    bench.audit.look()
    assert bench.listed() == "chat:{r:den}"
    bench.page()
    assert bench.listed() == "chat:{r:tea}"


@pytest.mark.parametrize("reply", [Unavailable.UNREACHABLE, [b"ok"], [b"ok", RIGHT, RIGHT]])
def test_a_room_whose_seats_are_not_compared_is_looked_through_later(
    bench: AuditBench, reply: Any
) -> None:
    bench.audit.look()
    bench.page(SEAT)
    bench.answer("verify", reply)
    assert bench.calls == []
    bench.audit.look()
    bench.page()
    assert bench.listed() == "chat:{r:tea}"


# What is corrected


@pytest.mark.parametrize(
    ("seat", "verdict"),
    [
        (SEAT, RIGHT),
        # A session has a newer generation for each room that it enters or leaves.
        (SEAT, [b"in", b"9", *RIGHT[2:]]),
        (SEAT, [b"in", b"5", *RIGHT[2:]]),
        # Nobody has it now; its next owner settles its rooms.
        (SEAT, [*RIGHT[:4], b"-"]),
        (SEAT, [b"later", b"7"]),
    ],
)
def test_a_seat_that_is_right_or_will_be_is_left_alone(
    bench: AuditBench, seat: list[bytes], verdict: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench.compare(seat, verdict)
    assert bench.calls == [] and caplog.messages == []


@pytest.mark.parametrize(
    ("seat", "verdict", "settled"),
    [
        # Nobody remembers the session.
        (SEAT, [b"out", b"7"], ("s1", 7, b"op1", "lost", "id1", b"", "", "", "-", "")),
        # Its node has died before the room knew its nick, or who may speak for it.
        (
            SEAT,
            [b"in", b"9", b"Bo", b"bo", b"n.1"],
            ("s1", 9, b"op1", "in", "id1", b"", "bo", "Bo", "n.1", ""),
        ),
        (
            [*SEAT[:4], b"-"],
            RIGHT,
            ("s1", 7, b"op1", "in", "id1", b"", "ana", "Ana", "n.1", ""),
        ),
        (
            SEAT,
            [*RIGHT[:4], b"n.9"],
            ("s1", 7, b"op1", "in", "id1", b"", "ana", "Ana", "n.9", ""),
        ),
    ],
)
def test_a_seat_that_is_wrong_is_corrected(
    bench: AuditBench,
    seat: list[bytes],
    verdict: list[bytes],
    settled: tuple[Any, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    bench.compare(seat, verdict)
    [call] = bench.calls
    found = asked(call.args())
    assert (found.room, found.birth, found.items) == ("tea", b"b1", [settled])
    [line] = caplog.records
    assert vars(line)["room"] == "tea" and vars(line)["sessions"] == 1
    assert bench.context.counts.audit_found == 1
    bench.settle(said() if verdict[0] == b"out" else seated())
    assert bench.calls == []


def test_what_a_room_answers_to_a_correction_is_looked_at_by_the_next_search(
    bench: AuditBench,
) -> None:
    for outcome in ([b"ahead", 90], [b"held", b"s2", b"op2", 5, b"Bo"]):
        bench.time += EVERY
        bench.compare(SEAT, [b"out", b"7"])
        bench.settle(outcome)
        assert bench.calls == []


def test_a_correction_is_not_made_long_after_it_was_decided(bench: AuditBench) -> None:
    bench.compare(SEAT, [b"out", b"7"])
    bench.time = READ_WITHIN
    assert args_of(bench.calls[0]) is None
