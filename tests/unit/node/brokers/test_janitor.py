"""Departures that nobody has settled, and data of rooms that have ended, are cleared up."""

from collections.abc import Sequence
from typing import Any

import pytest

from node.brokers.calls import READ_WITHIN
from node.brokers.janitor import LISTED, SAME, WAIT_MS, Janitor
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import SeatsBench, departure, listed, said

OUT = listed(departure())
DROP = [b"den", b"b2", b"-den b2"]


class JanitorBench(SeatsBench):
    """A janitor, called by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.oldest = 0
        self.janitor = Janitor(self.context, self.settler)

    def outs(self, *outs: list[bytes], drops: Sequence[bytes] = (), more: int = 0) -> Sequence[Any]:
        """Answer what is to be settled; return the arguments of the call."""
        self.oldest += 1000
        return self.answer("outs", [list(outs), list(drops), more, 5, self.oldest]) or ()


@pytest.fixture
def bench() -> JanitorBench:
    return JanitorBench()


def test_departures_are_left_to_their_node_for_a_while(bench: JanitorBench) -> None:
    bench.janitor.look()
    assert bench.outs() == (0, WAIT_MS, LISTED, 0) and bench.calls == []
    bench.janitor.settle()
    assert bench.outs() == (0, 0, LISTED, 0)


def test_how_much_waits_is_told_as_the_last_look_found_it(bench: JanitorBench) -> None:
    counts = bench.context.counts
    bench.janitor.look()
    bench.answer("outs", [[], [], 0, 12, 34_500])
    assert (counts.outs, counts.outs_oldest) == (12, 34.5)
    bench.janitor.look()
    bench.answer("outs", Unavailable.UNREACHABLE)
    assert (counts.outs, counts.outs_oldest) == (12, 34.5)
    bench.janitor.look()
    bench.answer("outs", [[], [], 0, 0, 0])
    assert (counts.outs, counts.outs_oldest) == (0, 0.0)


def test_departures_are_settled_and_forgotten(bench: JanitorBench) -> None:
    bench.janitor.look()
    bench.outs(OUT, listed(departure("s2", 8)))
    assert bench.settle(said(), said()).sessions() == ["s1", "s2"]
    assert bench.names() == ["outdone"]


def test_the_data_of_a_room_are_deleted_and_its_mark_is_forgotten(bench: JanitorBench) -> None:
    bench.janitor.look()
    bench.outs(drops=[*DROP, b"tea", b"b1", b"+tea b1"])
    args = bench.answer("drop", [b"ok"]) or ()
    assert args[1] == "chat:{r:den}" and args[1 + args[0] :] == (b"b2",)
    assert bench.answer("dropped", [b"ok"]) == (0, b"-den b2")
    bench.answer("drop", Unavailable.UNREACHABLE)
    assert bench.calls == [], "the mark stays, so that it is done later"


def test_one_search_is_under_way_at_a_time(bench: JanitorBench) -> None:
    bench.janitor.look()
    bench.janitor.look()
    assert bench.names() == ["outs"]
    bench.outs(OUT, drops=DROP)
    for reply in ("settle", "drop"):
        bench.janitor.look()
        assert "outs" not in bench.names()
        bench.answer(reply, Unavailable.UNREACHABLE)
    assert bench.calls == [], "the looks meanwhile were no calls for another one"
    bench.janitor.look()
    assert bench.names() == ["outs"]


@pytest.mark.parametrize("reply", [Unavailable.UNREACHABLE, [], [[[b"s1"]], [], 0]])
def test_a_search_that_fails_is_made_again_with_the_next_look(
    bench: JanitorBench, reply: Any
) -> None:
    bench.janitor.look()
    bench.answer("outs", reply)
    assert bench.calls == []
    bench.janitor.look()
    assert bench.names() == ["outs"]


def test_departures_that_are_not_settled_in_time_do_not_keep_the_next_look_waiting(
    bench: JanitorBench,
) -> None:
    bench.janitor.look()
    bench.outs(OUT)
    bench.calls.pop().expire(READ_WITHIN)
    bench.janitor.look()
    assert bench.names() == ["outs"]


def test_what_ends_during_a_search_is_settled_right_after_it(bench: JanitorBench) -> None:
    """The node that ended it leaves it to this search, and others would wait for this node."""
    bench.janitor.look()
    bench.outs(OUT)
    bench.janitor.settle()
    bench.janitor.settle()
    assert bench.names() == ["settle"]
    bench.settle(said())
    bench.answer("outdone", [b"ok"])
    assert bench.outs() == (0, 0, LISTED, 0)
    assert bench.calls == []


def test_what_ends_while_redis_does_not_answer_is_searched_once(bench: JanitorBench) -> None:
    bench.janitor.settle()
    bench.janitor.settle()
    bench.answer("outs", Unavailable.UNREACHABLE)
    bench.answer("outs", Unavailable.UNREACHABLE)
    assert bench.calls == []


PAGE = [listed(departure(f"s{number}")) for number in range(LISTED)]


def test_a_search_goes_on_while_there_is_more(bench: JanitorBench) -> None:
    """When a node dies, some thousand sessions end at once."""
    bench.janitor.look()
    bench.outs(*PAGE, more=1)
    bench.settle(*[said()] * LISTED)
    *_, last = bench.calls
    assert args_of(last) == (0, WAIT_MS, LISTED, 0)
    first, _ = bench.calls
    assert first.script == "outdone" and len(args_of(first) or ()) == 1 + 4 * LISTED


def test_a_search_ends_when_there_is_no_more(bench: JanitorBench) -> None:
    bench.janitor.look()
    bench.outs(*PAGE)
    bench.settle(*[said()] * LISTED)
    assert "outs" not in bench.names()


def test_a_search_passes_over_sessions_whose_rooms_do_not_answer(bench: JanitorBench) -> None:
    bench.janitor.look()
    stuck = [listed(departure("s", room=room)) for room in ("den", "attic")]
    bench.outs(*PAGE, *stuck, drops=DROP, more=1)
    bench.settle(*[said()] * LISTED)
    bench.answer("settle", Unavailable.UNREACHABLE)
    bench.answer("settle", Unavailable.UNREACHABLE)
    assert "outs" not in bench.names()
    bench.answer("drop", Unavailable.UNREACHABLE)
    assert bench.outs() == (0, WAIT_MS, LISTED, 2), "one session, and one room"
    assert "outs" not in bench.names()
    bench.janitor.look()
    assert bench.outs() == (0, WAIT_MS, LISTED, 0), "each search tries all of them"


def test_what_ends_during_a_long_search_is_settled_before_the_rest(bench: JanitorBench) -> None:
    bench.janitor.look()
    bench.outs(listed(departure("s", room="den")), more=1)
    bench.janitor.settle()
    bench.answer("settle", Unavailable.UNREACHABLE)
    assert bench.outs(*PAGE, more=1) == (0, 0, LISTED, 0)
    bench.settle(*[said()] * LISTED)
    assert bench.outs() == (0, 0, LISTED, 0), "and then what is behind it"
    assert "outs" not in bench.names()


def test_a_search_passes_over_what_it_finds_again(bench: JanitorBench) -> None:
    """Something keeps Redis from forgetting what is settled: that is tried once a second."""
    bench.janitor.look()
    passed_over = []
    for _ in range(SAME + 3):
        passed_over.append(bench.outs(*PAGE, drops=DROP, more=1)[-1])
        bench.settle(*[said()] * LISTED)
        bench.answer("drop", [b"ok"])
    assert passed_over == [*[0] * (SAME + 2), LISTED + 1]
    bench.outs()
    assert "outs" not in bench.names()
    bench.janitor.look()
    assert bench.outs()[-1] == 0
