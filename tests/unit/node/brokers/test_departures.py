"""Departures are settled by whoever knows of them, and forgotten once their rooms know."""

from typing import Any

import pytest

from node.brokers.decode_seats import Departure, Settled
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import (
    BIRTH,
    LIFE,
    NOT_SAID,
    WITHIN,
    SeatsBench,
    departure,
    listed,
    said,
)

SAID = Settled("k1-2-x2", 5)


class DepartureBench(SeatsBench):
    """Settles departures."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[list[Settled | None]] = []

    def depart(self, *departures: Departure) -> None:
        self.settler.depart(departures, WITHIN, self.told.append)

    def forgotten(self) -> list[Any]:
        """Return what is forgotten: each session, how many departures, and these."""
        found: list[Any] = []
        for call in self.calls:
            if call.script == "outdone":
                found += (args_of(call) or [0])[1:]
        return found


@pytest.fixture
def bench() -> DepartureBench:
    return DepartureBench()


def test_without_departures_nothing_is_asked(bench: DepartureBench) -> None:
    bench.depart()
    assert bench.told == [[]] and bench.calls == []


def test_a_room_is_told_who_leaves_it_and_why(bench: DepartureBench) -> None:
    bench.depart(Departure("s1", 7, "tea", LIFE, "kicked", "x7", BIRTH, b'"no"'))
    asked = bench.settle(said())
    assert (asked.room, asked.birth) == ("tea", BIRTH)
    assert asked.items == [("s1", 7, LIFE, "kicked", "x7", b'"no"', "", "", "", "")]
    assert bench.told == [[SAID]] and bench.forgotten() == ["s1", 1, 7, "tea"]


def test_all_rooms_are_told_at_once_and_answers_are_at_their_places(bench: DepartureBench) -> None:
    bench.depart(departure(), departure(room="den"), departure(gen=8))
    assert bench.names() == ["settle", "settle"]
    assert [item.gen for item in bench.settle(said(), NOT_SAID).items] == [7, 8]
    assert bench.told == [] and bench.forgotten() == []
    bench.settle(said(b"k2-1-y1"))
    assert bench.told == [[SAID, Settled("k2-1-y1", 5), Settled("")]]


def test_what_is_settled_is_forgotten_by_one_call_for_each_session(bench: DepartureBench) -> None:
    bench.depart(departure(), departure("s2", 8), departure(gen=9))
    bench.settle(said(), said(), said())
    assert bench.forgotten() == ["s1", 2, 7, "tea", 9, "tea", "s2", 1, 8, "tea"]


@pytest.mark.parametrize("outcome", [[b"ahead", 90], NOT_SAID])
def test_a_departure_that_a_room_has_nothing_to_say_of_is_settled(
    bench: DepartureBench, outcome: Any
) -> None:
    bench.depart(departure())
    bench.settle(outcome)
    assert bench.told == [[Settled("")]] and len(bench.forgotten()) == 4


def test_a_room_that_is_ahead_of_a_departure_is_looked_through(bench: DepartureBench) -> None:
    """Redis may have lost the generation that the room knows, and nobody else would correct it."""
    bench.depart(departure(), departure("s2", room="den"))
    bench.settle([b"ahead", 90])
    bench.settle(said())
    assert bench.context.healed == {"r:tea"}


def test_a_departure_from_an_earlier_room_of_the_name_is_settled(bench: DepartureBench) -> None:
    bench.depart(departure())
    bench.answer("settle", [b"other", b"b2"])
    assert bench.told == [[Settled("")]] and len(bench.forgotten()) == 4


def test_what_could_not_be_settled_is_left_to_others(bench: DepartureBench) -> None:
    bench.depart(departure(), departure(room="den"))
    bench.answer("settle", Unavailable.UNREACHABLE)
    bench.settle(said())
    assert bench.told == [[None, SAID]] and bench.forgotten() == ["s1", 1, 7, "den"]


def test_a_room_that_may_still_get_its_log_back_is_told_later(bench: DepartureBench) -> None:
    bench.contact.answered(bench.time, bench.time)
    bench.depart(departure())
    assert bench.settle([b"unhealed"]).unhealed == 1
    assert bench.told == [[None]] and bench.forgotten() == []


def test_what_redis_has_brought_back_is_told_once_the_log_is_back(bench: DepartureBench) -> None:
    bench.contact.answered(bench.time, bench.time)
    bench.depart(departure(reason="unsaid"))
    assert bench.told == [[None]] and bench.calls == []
    bench.time += bench.context.config.heal_within
    bench.depart(departure(reason="unsaid"))
    assert bench.settle(said()).items[0].want == "left"


def test_a_room_whose_log_is_back_need_not_wait_for_it(bench: DepartureBench) -> None:
    bench.contact.answered(bench.time, bench.time)
    bench.time += bench.context.config.heal_within
    bench.depart(departure())
    assert bench.settle(said()).unhealed == 0


def test_nothing_is_forgotten_if_nothing_could_be_settled(bench: DepartureBench) -> None:
    bench.depart(departure())
    bench.calls[0].expire(WITHIN)
    assert bench.told == [[None]] and bench.forgotten() == []


# A session that ends


def test_a_session_that_ends_is_finished_once_its_rooms_know(bench: DepartureBench) -> None:
    told: list[Any] = []
    bench.settler.finish("s1", WITHIN, lambda: told.append(bench.names()), told.append)
    outs = [listed(departure()), listed(departure(room="den"))]
    assert bench.answer("outs", [outs, [], 0]) == (0, "", "s1")
    bench.settle(said())
    assert told == []
    bench.settle(said())
    assert told == [["outdone"]], "what comes then is behind that which frees the nick"


def test_a_session_that_could_not_be_finished_is_told_as_well(bench: DepartureBench) -> None:
    told: list[Any] = []
    bench.settler.finish("s1", WITHIN, lambda: told.append("finished"), told.append)
    bench.answer("outs", Unavailable.FULL)
    bench.settler.finish("s1", WITHIN, lambda: told.append("finished"), told.append)
    bench.answer("outs", [[listed(departure())], [], 0])
    bench.calls[0].expire(WITHIN)
    assert told == [Unavailable.FULL, Unavailable.UNREACHABLE] and bench.calls[1:] == []


def test_a_session_whose_departures_are_lost_frees_its_nick(bench: DepartureBench) -> None:
    """Redis may evict them, and remember that there are some: nobody could take the nick then."""
    told: list[Any] = []
    bench.settler.finish("s1", WITHIN, lambda: told.append(bench.names()), told.append)
    bench.answer("outs", [[], [], 0])
    assert told == [["outdone"]] and bench.forgotten() == ["s1", 0]
