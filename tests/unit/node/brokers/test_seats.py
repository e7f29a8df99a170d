"""What is decided about sessions goes to a room in batches, in order, and each item is answered."""

from typing import Any

import pytest

from node.brokers.calls import Next
from node.brokers.config import BrokerConfig
from node.brokers.decode_seats import Ahead, Held, Other, Settled
from node.brokers.seats import MOST, Item, RoomSeats
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import ContextBench
from tests.unit.node.brokers.seats_bench import (
    BIRTH,
    LIFE,
    WITHIN,
    SeatsBench,
    asked,
    said,
    seated,
)

IN = Settled("k1-1-x1", 0, 1, False)
FRAME = b"log r:tea k1 7 x6\ne x7 5 s1/7/op1/s1\n{}"


@pytest.fixture
def bench() -> SeatsBench:
    return SeatsBench(BrokerConfig(notices=20, retained=99))


def test_what_comes_in_one_turn_is_one_call(bench: SeatsBench) -> None:
    for session in ("s1", "s2", "s3"):
        bench.settler.put("tea", bench.item(session))
    assert bench.names() == ["settle"]
    assert bench.settle(
        seated(), [b"ahead", 9], [b"held", b"s4", b"op4", 3, b"Ana"]
    ).sessions() == [
        *("s1", "s2", "s3"),
    ]
    assert bench.outcomes == [("s1", IN), ("s2", Ahead(9)), ("s3", Held("s4", b"op4", 3))]
    assert bench.calls == []


def test_each_room_has_a_call_of_its_own(bench: SeatsBench) -> None:
    for room in ("tea", "den", "tea"):
        bench.settler.put(room, bench.item())
    assert bench.names() == ["settle"] * 2
    rooms = [bench.settle(seated(), seated()).room, bench.settle(seated()).room]
    assert rooms == ["tea", "den"]


def test_a_call_tells_all_that_the_room_has_to_know(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item())
    left = Item("s2", 8, LIFE, "kicked", "x8", BIRTH, WITHIN, lambda found: None, why=b'"no"')
    bench.settler.put("tea", left)
    args = list(bench.answer("settle", [b"ok", [seated(), said()], b""]) or ())
    assert args[1 + args[0] :] == [
        *("tea", BIRTH, "id1", 20, 99, 0, 1),
        *("s1", 7, LIFE, "in", "xs1", b"", "s1", "S1", "n.s1", ""),
        *("s2", 8, LIFE, "kicked", "x8", b'"no"', "", "", "", ""),
    ]


@pytest.mark.parametrize(("members", "others"), [((1, 2), 0), ((1, 3), 1), ((3, 0), 1)])
def test_a_call_says_that_others_are_in_the_room_if_not_all_of_them_come_with_it(
    bench: SeatsBench, members: tuple[int, int], others: int
) -> None:
    for number, count in enumerate(members):
        item = bench.item()
        item.session, item.members = f"s{number}", count
        bench.settler.put("tea", item)
    assert bench.settle(seated(), seated()).others == others


def test_one_call_is_about_one_birth_and_nothing_changes_places(bench: SeatsBench) -> None:
    for session, birth in (("s1", b"b1"), ("s2", b"b1"), ("s3", b"b2"), ("s4", b"b1")):
        bench.settler.put("tea", bench.item(session, birth))
    first, second, third = (bench.settle(*[seated()] * count) for count in (2, 1, 1))
    assert (first.birth, first.sessions()) == (b"b1", ["s1", "s2"])
    assert (second.birth, second.sessions()) == (b"b2", ["s3"])
    assert (third.birth, third.sessions()) == (b"b1", ["s4"])
    assert bench.calls == []


def test_a_call_has_a_bounded_number_of_items_and_weighs_by_them(bench: SeatsBench) -> None:
    for number in range(MOST + 1):
        bench.settler.put("tea", bench.item(f"s{number}"))
    [call] = bench.calls
    bench.settle(*[seated()] * MOST)
    assert call.weight == 1 + MOST // 4
    assert bench.settle(seated()).sessions() == [f"s{MOST}"] and call.weight == 1


def test_what_comes_while_a_call_is_under_way_goes_with_the_next(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item("s1"))
    [call] = bench.calls
    assert asked(call.args()).sessions() == ["s1"]
    bench.settler.put("tea", bench.item("s2"))
    assert bench.names() == ["settle"], "the call that is under way is not queued twice"
    assert bench.settle(seated()).sessions() == ["s1"]
    assert bench.settle(seated()).sessions() == ["s2"]


def test_what_an_answer_asks_for_goes_with_the_next_call(bench: SeatsBench) -> None:
    item = bench.item("s1")
    item.done = lambda found: bench.settler.put("tea", bench.item("s2"))
    bench.settler.put("tea", item)
    bench.settle(seated())
    assert bench.names() == ["settle"] and bench.settle(seated()).sessions() == ["s2"]


def test_the_core_has_what_a_room_says_before_anybody_is_answered(bench: SeatsBench) -> None:
    item, told = bench.item(), list[Any]()
    item.done = lambda found: told.extend(bench.events.told)
    bench.settler.put("tea", item)
    bench.settle(seated(), frame=FRAME)
    [(name, append)] = told
    assert (name, append.frame.log, append.frame.first) == ("appended", "r:tea", 7)


def test_another_birth_is_the_answer_to_all_items(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item("s1"))
    bench.settler.put("tea", bench.item("s2"))
    bench.answer("settle", [b"other", b"b2"])
    assert bench.outcomes == [("s1", Other(b"b2")), ("s2", Other(b"b2"))]


@pytest.mark.parametrize(
    "reply",
    [
        [b"ok", [], b""],
        [b"ok", [seated(), seated()], b""],
        [b"ok", [[b"unheard"]], b""],
        [b"ok", [seated()], b"log r:tea"],
        [b"ok", [seated()]],
        [b"other", 2],
        [],
    ],
)
def test_a_malformed_reply_is_a_refusal_and_the_room_goes_on(
    bench: SeatsBench, reply: list[Any]
) -> None:
    bench.settler.put("tea", bench.item("s1"))
    bench.answer("settle", reply)
    assert bench.outcomes == [("s1", Unavailable.INTERNAL)] and bench.events.told == []
    bench.settler.put("tea", bench.item("s2"))
    bench.settle(seated())
    assert bench.outcomes[1:] == [("s2", IN)]


def test_a_refusal_is_the_answer_to_all_items_also_to_those_that_wait(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item("s1"))
    bench.calls[0].args()
    bench.settler.put("tea", bench.item("s2", b"b2"))
    bench.answer("settle", Unavailable.FULL)
    assert bench.outcomes == [("s1", Unavailable.FULL), ("s2", Unavailable.FULL)]
    assert bench.calls == []


# Deadlines


def test_an_item_past_its_deadline_is_never_sent(bench: SeatsBench) -> None:
    """What it says may be out of date by then, and the room does not know that any more."""
    bench.settler.put("tea", bench.item("s1", deadline=1.0))
    bench.settler.put("tea", bench.item("s2", deadline=2.0))
    bench.time = 1.0
    assert bench.settle(seated()).sessions() == ["s2"]
    assert bench.outcomes == [("s1", Unavailable.UNREACHABLE), ("s2", IN)]


def test_a_call_without_items_in_time_is_not_made(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item("s1"))
    bench.time = WITHIN
    call = bench.calls.pop()
    assert call.args() is None
    assert bench.outcomes == [("s1", Unavailable.UNREACHABLE)]
    bench.settler.put("tea", bench.item("s2", deadline=9.0))
    assert bench.names() == ["settle"], "the next item queues the call again"


def test_an_item_that_waits_is_refused_at_its_deadline(bench: SeatsBench) -> None:
    bench.settler.put("tea", bench.item("s1"))
    bench.calls[0].expire(WITHIN - 0.1)
    assert bench.outcomes == []
    bench.calls[0].expire(WITHIN)
    bench.calls[0].expire(WITHIN)
    assert bench.outcomes == [("s1", Unavailable.UNREACHABLE)]


def test_an_item_that_expires_under_way_leaves_the_other_answers_at_their_places(
    bench: SeatsBench,
) -> None:
    bench.settler.put("tea", bench.item("s1", deadline=1.0))
    bench.settler.put("tea", bench.item("s2"))
    call = bench.calls.pop()
    assert asked(call.args()).sessions() == ["s1", "s2"]
    call.expire(1.0)
    assert bench.outcomes == [("s1", Unavailable.UNREACHABLE)]
    assert call.reply([b"ok", [[b"ahead", 9], seated()], FRAME]) is Next.NOTHING
    assert bench.outcomes[1:] == [("s2", IN)]
    assert len(bench.events.told) == 1, "what was said was said"


def test_a_call_that_is_repeated_has_the_same_items_but_for_those_too_late(
    bench: SeatsBench,
) -> None:
    for session, deadline in (("s1", WITHIN), ("s2", 1.0), ("s3", WITHIN)):
        bench.settler.put("tea", bench.item(session, deadline=deadline))
    call = bench.calls[0]
    first = asked(call.args())
    call.lost()
    bench.settler.put("tea", bench.item("s4"))
    call.expire(1.0)
    bench.time = 1.0
    again = asked(call.args())
    assert again.items == [first.items[0], first.items[2]]
    bench.settle(seated(), seated())
    assert bench.outcomes == [("s2", Unavailable.UNREACHABLE), ("s1", IN), ("s3", IN)]
    assert bench.settle(seated()).sessions() == ["s4"]


def test_only_the_first_item_has_the_call_queued() -> None:
    context = ContextBench().context
    seats, bench = RoomSeats("tea", context), SeatsBench()
    assert seats.add(bench.item("s1")) and not seats.add(bench.item("s2"))
    seats.refuse(Unavailable.INTERNAL)
    assert seats.add(bench.item("s3"))
