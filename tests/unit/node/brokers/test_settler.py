"""Whatever a room answers about a session that is in it, the settler knows what to ask next."""

import gc
import weakref
from typing import Any

import pytest

from node.brokers.calls import READ_WITHIN
from node.brokers.config import BrokerConfig
from node.brokers.decode_seats import Held, Settled, Verdict
from node.brokers.settler import TRIES
from node.core.model import Fenced, Unavailable
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import (
    BIRTH,
    LIFE,
    WITHIN,
    Asked,
    SeatsBench,
    departure,
    listed,
    said,
    seated,
)

IN = Settled("k1-1-x1", 0, 1, False)
AHEAD = [b"ahead", 90]
HELD = [b"held", b"s2", b"op2", 5, b"Ana"]


class SettlerBench(SeatsBench):
    """Settles that a session is in the room `tea`."""

    def __init__(self) -> None:
        super().__init__(BrokerConfig(alone=True))
        self.told: list[Any] = []
        self.item_ = self.item()
        self.settler.seat("tea", self.item_, self._done)

    def _done(self, found: Any) -> None:
        if isinstance(found, tuple):
            settled, item = found
            found = settled, item.birth, item.gen
        self.told.append(found)

    def asks(self) -> Asked:
        """Return what the room is asked now, without an answer."""
        [call] = [call for call in self.calls if call.script == "settle"]
        return Asked(*(call.args() or ())[-len(Asked._fields) :])

    def other(self, birth: bytes = b"b2") -> None:
        """Let the room have another birth."""
        self.answer("settle", [b"other", birth])


@pytest.fixture
def bench() -> SettlerBench:
    return SettlerBench()


def test_a_session_that_is_seated_is_told_with_the_birth_of_its_room(bench: SettlerBench) -> None:
    bench.settle(seated())
    assert bench.told == [(IN, BIRTH, 7)] and bench.calls == []


def test_a_failure_is_told(bench: SettlerBench) -> None:
    bench.answer("settle", Unavailable.FULL)
    assert bench.told == [Unavailable.FULL] and bench.calls == []


def test_what_has_been_settled_leaves_no_garbage() -> None:
    """Thousands come in at once when a node has died."""
    bench, told = SeatsBench(), list[Any]()

    class Taker:
        def __call__(self, found: Any) -> None:
            told.append(found)

    taker = Taker()
    left = weakref.ref(taker)
    gc.disable()
    try:
        bench.settler.seat("tea", bench.item(), taker)
        del taker
        bench.settle(AHEAD)
        bench.answer("raise", [b"ok", b"91"])
        assert left() is not None
        bench.settle(seated())
        assert told and left() is None
    finally:
        gc.enable()


# The room knows a later generation


def test_a_session_is_raised_above_what_its_room_knows(bench: SettlerBench) -> None:
    bench.settle(AHEAD)
    assert bench.answer("raise", [b"ok", b"91"]) == (0, "s1", "n.s1", 90)
    again = bench.settle(seated())
    assert [(item.session, item.gen, item.id) for item in again.items] == [("s1", 91, "xs1")]
    assert bench.told == [(IN, BIRTH, 91)]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ([b"gone"], Fenced.GONE),
        (Unavailable.UNREACHABLE, Unavailable.UNREACHABLE),
        ([b"ok", b"far"], Unavailable.INTERNAL),
    ],
)
def test_a_session_that_cannot_be_raised_is_not_seated(
    bench: SettlerBench, reply: Any, told: Any
) -> None:
    bench.settle(AHEAD)
    bench.answer("raise", reply)
    assert bench.told == [told] and bench.calls == []


# The room has another birth


def test_a_session_adopts_the_birth_of_the_room_that_is_there(bench: SettlerBench) -> None:
    bench.other()
    assert bench.answer("adopt", [b"ok", b"b2"]) == (0, "s1", "tea", BIRTH, b"b2")
    assert bench.settle(seated()).birth == b"b2"
    assert bench.told == [(IN, b"b2", 7)]


@pytest.mark.parametrize("mine", [BIRTH, b"b3"])
@pytest.mark.parametrize("dropped", [[b"ok"], Unavailable.UNREACHABLE])
def test_the_data_of_a_room_that_was_closed_are_deleted(
    bench: SettlerBench, mine: bytes, dropped: Any
) -> None:
    """If that fails, the room says once more that it is another one."""
    bench.other()
    bench.answer("adopt", [b"ok", mine])
    args = bench.answer("drop", dropped) or ()
    assert args[1] == "chat:{r:tea}" and args[1 + args[0] :] == (b"b2",)
    assert bench.settle(seated()).birth == mine
    assert bench.told == [(IN, mine, 7)]


def test_a_room_whose_birth_cannot_be_asked_for_is_not_entered(bench: SettlerBench) -> None:
    bench.other()
    bench.answer("adopt", Unavailable.UNREACHABLE)
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


# Another session has the nick there


def test_the_seat_of_a_session_that_has_another_nick_by_now_is_corrected_first(
    bench: SettlerBench,
) -> None:
    bench.settle(HELD)
    verdict = [b"in", b"8", b"Bo", b"bo", b"n.2"]
    asked = bench.answer("verify", [b"ok", verdict])
    assert asked == (0, "tea", BIRTH, "s2", b"op2", 5)
    assert bench.names() == ["settle"] and bench.asks() == (
        *("s2", 8, b"op2", "in", "id2", b"", "bo", "Bo", "n.2", ""),
    )
    bench.settle(seated())
    assert bench.told == [] and bench.settle(seated()).sessions() == ["s1"]
    assert bench.told == [(IN, BIRTH, 7)]


def test_a_seat_that_nobody_knows_of_any_more_is_taken_away_first(bench: SettlerBench) -> None:
    bench.settle(HELD)
    bench.answer("verify", [b"ok", [b"out", b"5"]])
    assert bench.asks()[:4] == ("s2", 5, b"op2", "lost")
    bench.settle(said())
    assert bench.settle(seated()).sessions() == ["s1"] and len(bench.told) == 1


def test_a_nick_is_refused_while_nodes_may_still_put_back_whose_it_is(bench: SettlerBench) -> None:
    bench.context.config = BrokerConfig()
    bench.settle(HELD)
    bench.answer("verify", [b"ok", [b"out", b"5"]])
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


def test_a_departure_that_waits_is_settled_first_for_the_reason_that_it_has(
    bench: SettlerBench,
) -> None:
    bench.settle(HELD)
    bench.answer("verify", [b"ok", [b"later", b"5"]])
    assert bench.answer("outs", [[listed(departure("s2"))], [], 0]) == (0, "", "s2")
    assert bench.asks()[:5] == ("s2", 7, LIFE, "quit", "x7")
    bench.settle(said())
    assert bench.settle(seated()).sessions() == ["s1"] and len(bench.told) == 1


@pytest.mark.parametrize("reply", [Unavailable.UNREACHABLE, [b"ok"]])
def test_the_room_is_asked_again_if_nobody_says_whose_nick_it_is(
    bench: SettlerBench, reply: Any
) -> None:
    bench.settle(HELD)
    bench.answer("verify", reply)
    assert bench.settle(seated()).sessions() == ["s1"] and len(bench.told) == 1


# How long


def test_several_answers_in_a_row_may_ask_for_something_else(bench: SettlerBench) -> None:
    bench.other()
    bench.answer("adopt", [b"ok", b"b2"])
    bench.settle(HELD)
    bench.answer("verify", [b"ok", [b"out", b"5"]])
    bench.settle(said())
    bench.settle(AHEAD)
    bench.answer("raise", [b"ok", b"91"])
    assert bench.settle(seated()).birth == b"b2"
    assert bench.told == [(IN, b"b2", 91)]


def test_it_gives_up_after_some_answers(bench: SettlerBench) -> None:
    for _ in range(TRIES - 1):
        bench.settle(AHEAD)
        bench.answer("raise", [b"ok", b"91"])
    assert bench.told == []
    bench.settle(AHEAD)
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


def test_nobody_is_seated_after_the_deadline_whatever_was_asked_meanwhile(
    bench: SettlerBench,
) -> None:
    bench.settle(AHEAD)
    bench.time = WITHIN
    bench.answer("raise", [b"ok", b"91"])
    assert bench.calls.pop().args() is None
    assert bench.told == [Unavailable.UNREACHABLE]


def test_a_session_that_expires_under_way_is_not_seated_by_the_repeat(bench: SettlerBench) -> None:
    call = bench.calls.pop()
    assert call.args() is not None
    call.expire(WITHIN)
    assert bench.told == [Unavailable.UNREACHABLE]
    call.lost()
    assert call.args() is None


def test_what_is_asked_for_an_item_has_its_deadline(bench: SettlerBench) -> None:
    bench.settle(AHEAD)
    bench.calls[0].expire(WITHIN)
    assert bench.told == [Unavailable.UNREACHABLE]


# Rooms


def test_a_correction_that_a_room_answers_otherwise_is_told_as_it_is(bench: SettlerBench) -> None:
    bench.settle(seated())
    told: list[Any] = []
    bench.settler.correct("tea", BIRTH, Held("s2", LIFE, 5), Verdict(5), told.append)
    bench.calls[0].expire(READ_WITHIN)
    assert told == [Unavailable.UNREACHABLE]


def test_a_room_is_forgotten_once_nothing_is_queued_for_it(bench: SettlerBench) -> None:
    [call] = bench.calls
    bench.settler.forget_idle()
    bench.settler.put("tea", bench.item("s2"))
    assert bench.calls == [call], "a room has one call only"
    bench.settle(seated(), seated())
    bench.settler.forget_idle()
    bench.settler.put("tea", bench.item("s3"))
    assert bench.calls != [call] and bench.settle(seated()).sessions() == ["s3"]


def test_marks_of_rooms_are_forgotten_however_long_it_takes(bench: SettlerBench) -> None:
    bench.settle(seated())
    bench.settler.dropped([b"-tea b1"])
    bench.calls[0].expire(1e9)
    assert args_of(bench.calls[0]) == (0, b"-tea b1")
