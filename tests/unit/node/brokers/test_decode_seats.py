"""Replies about seats and departures are read as the scripts write them."""

from typing import Any

import pytest

from node.brokers import decode_seats
from node.brokers.decode_seats import (
    Ahead,
    Held,
    Listed,
    Other,
    Outs,
    Row,
    Seat,
    Settled,
    Verdict,
)
from node.brokers.malformed import WRONG
from tests.unit.node.brokers.seats_bench import NOT_SAID, departure, listed, said, seated

FRAME = b"log r:tea k1 7 x6\ne x7 5 s1/7/op1/s1\n{}"
SEAT = [b"s1", b"op1", b"7", b"Ana", b"n.1"]


def test_each_session_of_a_call_has_an_outcome() -> None:
    rows = [seated(quiet=1), [b"ahead", b"9"], [b"held", b"s4", b"op4", b"3", b"Ana"], said()]
    outcomes, notice = decode_seats.settled([b"ok", [*rows, NOT_SAID], b""], 5)
    assert outcomes == [
        Settled("k1-1-x1", 0, 1, True),
        Ahead(9),
        Held("s4", b"op4", 3),
        Settled("k1-2-x2", 5),
        Settled(""),
    ]
    assert notice is None


def test_what_a_room_has_said_comes_with_the_reply() -> None:
    _, notice = decode_seats.settled([b"ok", [seated()], FRAME], 1)
    assert notice is not None and notice.frame.log == "r:tea" and notice.base.offset == 6


def test_a_room_of_another_birth_is_the_outcome_for_each_session() -> None:
    assert decode_seats.settled([b"other", b"b2"], 2) == ([Other(b"b2")] * 2, None)


@pytest.mark.parametrize(
    "row",
    [
        seated(position=b"nowhere"),
        seated(position=b""),  # Who is in a room has joined it somewhere.
        [b"ok", b"k1-1-x1", b"one", 0],
        [b"ok", 7, 1, 0],
        [b"ok", b"k1-2-x2"],
        [b"ok", b"k1-2-x2", b"soon"],
        [b"ok"],
        [b"ahead"],
        [b"ahead", b"far"],
        [b"held", b"s4", 4, b"3"],
        [b"held", b"s4", b"op4"],
        [b"unheard", b"s4"],
        [],
        7,
        b"ok",
        None,
    ],
)
def test_an_outcome_of_another_shape_is_malformed(row: Any) -> None:
    with pytest.raises(WRONG):
        decode_seats.settled([b"ok", [row], b""], 1)


@pytest.mark.parametrize(
    "reply",
    [
        [b"ok", [], b""],
        [b"ok", [seated()] * 2, b""],
        [b"ok", [seated()], b"log r:tea"],
        [b"ok", [seated()], 7],
        [b"ok", [seated()]],
        [b"unheard", [seated()], b""],
        [b"other", 2],
        [b"other"],
        [],
        7,
    ],
)
def test_a_reply_about_seats_of_another_shape_is_malformed(reply: Any) -> None:
    with pytest.raises(WRONG):
        decode_seats.settled(reply, 1)


def test_departures_and_rooms_to_be_deleted_are_listed_together() -> None:
    rows = [listed(departure()), listed(departure("s2", 8, "den"))]
    drops = [b"tea", b"b1", b"-tea b1", b"den", b"b2", b"+den b2"]
    assert decode_seats.outs([rows, drops, 1]) == Outs(
        [departure(), departure("s2", 8, "den")],
        [("tea", b"b1", b"-tea b1"), ("den", b"b2", b"+den b2")],
        more=True,
    )
    assert decode_seats.outs([[], [], 0]) == Outs([], [], more=False)


@pytest.mark.parametrize(
    "reply",
    [
        [[], [b"tea", b"b1"], 0],
        [[], [b"tea", 1, b"-tea b1"], 0],
        [[], 7, 0],
        [[listed(departure())[:7]], [], 0],
        [[[*listed(departure()), b""]], [], 0],
        [[[b"s1", b"soon", *listed(departure())[2:]]], [], 0],
        [[[*listed(departure())[:3], 1, *listed(departure())[4:]]], [], 0],
        [[b"s1"], [], 0],
        [[], []],
        [[]],
        7,
    ],
)
def test_departures_of_another_shape_are_malformed(reply: Any) -> None:
    with pytest.raises(WRONG):
        decode_seats.outs(reply)


def test_rooms_of_a_session_tell_what_is_new() -> None:
    found = decode_seats.rows([[b"tea", b"b1", 1, 3, 1], [b"den", b"b2", 0, b"1", 0]])
    assert found == [Row("tea", b"b1", True, 3, True), Row("den", b"b2", False, 1, False)]
    for row in ([b"tea", b"b1", 1, 3], [b"tea", 1, 1, 3, 1], [b"tea", b"b1", 1, b"", 1], 7):
        with pytest.raises(WRONG):
            decode_seats.rows([row])


def test_a_verdict_says_what_a_seat_should_be() -> None:
    rows = [[b"in", b"8", b"Ana", b"ana", b"n.1"], [b"out", b"7"], [b"later", b"6"]]
    assert decode_seats.verdicts([b"ok", *rows], 3) == [
        Verdict(8, "Ana", "ana", "n.1"),
        Verdict(7),
        Verdict(6, later=True),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        [b"ok"],  # Each seat needs a verdict of its own.
        [b"ok", [b"out", b"7"], [b"out", b"7"]],
        [b"ok", [b"in", b"8"]],  # It must not be taken for one that should not be there.
        [b"ok", [b"in", b"8", b"", b"", b"-"]],
        [b"ok", [b"out", b"7", b"Ana", b"ana", b"n.1"]],
        [b"ok", [b"in", b"8", None, None, b"-"]],
        [b"ok", [b"out", b"soon"]],
        [b"ok", [b"unheard", b"7"]],
        [b"ok", []],
        [b"ok", 7],
        7,
    ],
)
def test_verdicts_of_another_shape_are_malformed(reply: Any) -> None:
    with pytest.raises(WRONG):
        decode_seats.verdicts(reply, 1)


def test_a_page_of_seats_has_a_birth_and_a_cursor() -> None:
    other = [b"s2", b"op2", 8, b"Bo", b"-"]
    assert decode_seats.listed([b"b1", b"42", *SEAT, *other]) == Listed(
        *(b"b1", b"42", [Seat("s1", b"op1", 7, "Ana", "n.1"), Seat("s2", b"op2", 8, "Bo", "-")])
    )
    assert decode_seats.listed([b"", b"0"]) == Listed(b"", b"0", [])


@pytest.mark.parametrize(
    "reply",
    [
        [b"b1"],
        [1, b"0"],
        [b"b1", 0],
        [b"b1", b"0", *SEAT[:4]],
        [b"b1", b"0", b"s1", b"op1", b"soon", b"Ana", b"n.1"],
        [b"b1", b"0", b"s1", 1, b"7", b"Ana", b"n.1"],
        7,
    ],
)
def test_a_page_of_seats_of_another_shape_is_malformed(reply: Any) -> None:
    with pytest.raises(WRONG):
        decode_seats.listed(reply)


def test_a_generation_and_a_birth_are_read_behind_the_status() -> None:
    assert decode_seats.raised([b"ok", b"9"]) == 9
    assert decode_seats.adopted([b"ok", b"b2"]) == b"b2"
    for wrong in ([b"ok"], [b"ok", None]):
        with pytest.raises(WRONG):
            decode_seats.raised(wrong)
        with pytest.raises(WRONG):
            decode_seats.adopted(wrong)
