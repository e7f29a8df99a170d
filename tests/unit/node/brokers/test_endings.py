"""A nick whose session has just ended: it is asked for again once the rooms know that."""

import pytest

from node.brokers.sessions import ENDINGS
from node.core.model import Denied, Unavailable
from tests.unit.node.brokers.seats_bench import departure, listed, said
from tests.unit.node.brokers.sessions_bench import ClaimBench, greeted


@pytest.fixture
def bench() -> ClaimBench:
    return ClaimBench()


def test_a_nick_is_asked_for_again_once_the_rooms_know_that_its_session_has_ended(
    bench: ClaimBench,
) -> None:
    bench.heal()
    bench.claim()
    op = bench.hello([b"ending", b"s2"])[1]
    assert bench.answer("outs", [[listed(departure("s2"))], [], 0]) == (0, "", "s2")
    assert bench.names() == ["settle"]
    bench.settle(said())
    assert bench.names() == ["outdone", "hello"]
    assert bench.hello(greeted())[1] == op and len(bench.told) == 1


def test_a_nick_that_does_not_become_free_is_taken(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    for _ in range(ENDINGS):
        bench.hello([b"ending", b"s2"])
        bench.answer("outs", [[], [], 0])
    assert bench.told == []
    bench.hello([b"ending", b"s3"])
    assert bench.told == [Denied.TAKEN]


def test_a_nick_whose_end_no_room_can_be_told_is_not_taken_but_unavailable(
    bench: ClaimBench,
) -> None:
    bench.heal()
    bench.claim()
    bench.hello([b"ending", b"s2"])
    bench.answer("outs", [[listed(departure("s2"))], [], 0])
    bench.settle([b"unhealed"])
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


def test_a_nick_that_is_taken_by_somebody_else_meanwhile_is_taken(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    bench.hello([b"ending", b"s2"])
    bench.answer("outs", [[], [], 0])
    bench.hello([b"taken"])
    assert bench.told == [Denied.TAKEN]
