"""Departures that rooms know are forgotten, many in one call."""

import pytest

from node.brokers import keys
from node.brokers.calls import Next
from node.brokers.told import ENOUGH, MOST, Told
from node.core.model import Unavailable


def args(told: Told) -> list[object]:
    """Return the arguments behind the keys."""
    found = told.args()
    assert found is not None and tuple(found[: 1 + len(keys.CONTROL)])[1:] == keys.CONTROL
    return list(found[1 + len(keys.CONTROL) :])


@pytest.fixture
def told() -> Told:
    return Told()


def test_sessions_are_forgotten_together(told: Told) -> None:
    assert told.add("s1", [7, "tea", 7, "den"]) and not told.add("s2", [8, "tea"])
    assert not told.add("s1", [9, "tea"])
    assert args(told) == ["s1", 3, 7, "tea", 7, "den", 9, "tea", "s2", 1, 8, "tea"]
    assert told.reply([b"ok"]) is Next.NOTHING and told.args() is None


def test_what_comes_while_a_call_is_under_way_is_in_the_next_one(told: Told) -> None:
    told.add("s1", [7, "tea"])
    args(told)
    assert not told.add("s2", [8, "tea"])
    assert told.reply([b"ok"]) is Next.MORE
    assert args(told) == ["s2", 1, 8, "tea"]


def test_a_call_whose_reply_was_lost_is_made_again_as_it_was(told: Told) -> None:
    told.add("s1", [7, "tea"])
    before = args(told)
    told.add("s2", [8, "tea"])
    told.lost()
    told.expire(9e9)
    assert args(told) == before


def test_a_call_is_bounded(told: Told) -> None:
    for number in range(MOST + 1):
        told.add(f"s{number}", [])
    assert len(args(told)) == 2 * MOST
    assert told.reply([b"ok"]) is Next.MORE and args(told) == [f"s{MOST}", 0]


def test_a_call_about_sessions_of_many_rooms_has_fewer_sessions(told: Told) -> None:
    rooms = [part for n in range(50) for part in (n, f"p{n}")]
    for number in range(MOST):
        told.add(f"s{number}", rooms)
    assert len(args(told)) == ENOUGH // 50 * (2 + 100)
    assert told.reply([b"ok"]) is Next.MORE and args(told)[0] == f"s{ENOUGH // 50}"


def test_what_is_refused_is_left_to_the_next_search(told: Told) -> None:
    told.add("s1", [7, "tea"])
    args(told)
    told.add("s2", [8, "tea"])
    told.refuse(Unavailable.FULL)
    assert told.args() is None and told.add("s3", [9, "tea"])
