"""A session that Redis has lost is put back as its node knows it, and so are its seats."""

import asyncio
from typing import Any

import pytest

from node.brokers.calls import READ_WITHIN
from node.core.model import Denied, Fenced, FencingToken, Restored, SessionSnapshot, Unavailable
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import LIFE, WITHIN, departure, listed, seated
from tests.unit.node.brokers.sessions_bench import GEN, SessionsBench, changed, row


@pytest.fixture
def bench() -> SessionsBench:
    return SessionsBench()


def snapshot(bench: SessionsBench, token: FencingToken) -> SessionSnapshot:
    """Return a session that has been in two rooms."""
    rooms = [("tea", "k1-4-x4", b"b1"), ("den", "k2-9-y9", b"b2")]
    return SessionSnapshot(token, bench.token.owner, True, "Ana", "ana a", 3, 9, rooms)


def restored(*rows: list[Any]) -> list[Any]:
    """Return the reply to a restore; the room `bar` has been left."""
    return changed(b"Ana", b"ana", list(rows), [listed(departure(room="bar"))])


def test_a_session_is_put_back_with_life_and_generation(bench: SessionsBench) -> None:
    bench.sessions.join(bench.token, "tea", True, WITHIN, lambda found: None)
    bench.answer("join", changed(row("tea"), b"Ana", b"ana", []))
    bench.settle([b"ahead", 90])
    bench.answer("raise", [b"ok", b"91"])
    bench.settle(seated())
    bench.lease.replace()
    new = FencingToken("s1", bench.sessions.owner())
    bench.sessions.restore(snapshot(bench, new), True, bench.told.append)
    args = bench.answer("restore", Fenced.GONE) or ()
    assert list(args[2:]) == [
        *("s1", bench.token.owner, new.owner, 1, "Ana", "ana a", 3, 9, 1, 4, LIFE, 91),
        *("tea", b"b1", "den", b"b2"),
    ]


def test_a_session_that_is_put_back_joins_silently_where_it_was(bench: SessionsBench) -> None:
    bench.sessions.restore(snapshot(bench, bench.token), False, bench.told.append)
    args = bench.answer("restore", restored(row("tea"), row("den", b"b9"), row("new"))) or ()
    assert args[10:14] == (0, 0, b"", 0), "nothing was known of it"
    places = {}
    for _ in range(4):
        asked = bench.settle(seated())
        places[asked.room] = (asked.items[0].want, asked.items[0].position, asked.birth)
    assert places == {
        "bar": ("quit", "", b"b1"),
        "tea": ("back", "k1-4-x4", b"b1"),
        "den": ("back", "k2-9-y9", b"b9"),
        "new": ("in", "", b"b1"),
    }
    assert bench.told == [Restored({"tea": b"b1", "den": b"b9", "new": b"b1"})]
    named = [args_of(call) for call in bench.calls if call.script == "named"]
    assert named == [(0, "s1", GEN)], "rooms may not have known its nick before Redis went back"


def test_a_room_that_cannot_have_gone_back_is_told_of_a_nick_that_it_does_not_know(
    bench: SessionsBench,
) -> None:
    bench.context.contact.answered(bench.time, bench.time)
    bench.time += bench.context.config.heal_within
    bench.sessions.restore(snapshot(bench, bench.token), False, bench.told.append)
    bench.answer("restore", restored(row("tea")))
    asked = [bench.settle(seated()), bench.settle(seated())]
    wants = {each.room: each.items[0].want for each in asked}
    assert wants == {"bar": "quit", "tea": "in"}


def test_a_session_that_is_put_back_has_the_births_that_its_rooms_have(
    bench: SessionsBench,
) -> None:
    bench.sessions.restore(snapshot(bench, bench.token), True, bench.told.append)
    bench.answer("restore", changed(b"Ana", b"ana", [row("tea")], []))
    bench.answer("settle", [b"other", b"b7"])
    bench.answer("adopt", [b"ok", b"b7"])
    bench.settle(seated())
    assert bench.told == [Restored({"tea": b"b7"})]
    assert bench.context.births == {"r:tea": b"b7"}


async def test_a_session_whose_rooms_are_not_settled_is_not_back_yet(bench: SessionsBench) -> None:
    bench.heal()
    told = asyncio.get_running_loop().create_future()
    bench.sessions.restore(snapshot(bench, bench.token), True, told.set_result)
    bench.answer("restore", changed(b"Ana", b"ana", [row("tea"), row("den")], []))
    bench.settle(seated())
    bench.calls[0].expire(bench.time + READ_WITHIN)
    assert not told.done(), "it would be tried again at once"
    assert await told is Unavailable.UNREACHABLE


def test_a_session_that_cannot_be_put_back_is_told_why(bench: SessionsBench) -> None:
    bench.heal()
    for reply in (b"taken", b"gone"):
        bench.sessions.restore(snapshot(bench, bench.token), True, bench.told.append)
        bench.answer("restore", [reply])
    assert bench.told == [Denied.TAKEN, Fenced.GONE] and bench.calls == []


# Who is here


def test_a_session_that_has_quit_is_forgotten(bench: SessionsBench) -> None:
    bench.sessions.standing(bench.token, bench.told.append)
    bench.answer("standing", changed(b"Ana", b"ana", 5, []))
    bench.sessions.part(bench.token, True)
    bench.answer("part", [[], 5])
    bench.sessions.restore(snapshot(bench, bench.token), True, bench.told.append)
    args = bench.answer("restore", Fenced.GONE) or ()
    assert args[12:14] == (b"", 0)


def test_a_session_that_is_not_here_any_more_is_forgotten(bench: SessionsBench) -> None:
    bench.sessions.standing(bench.token, bench.told.append)
    bench.answer("standing", changed(b"Ana", b"ana", 5, []))
    for life in (LIFE, LIFE, b""):
        bench.sessions.restore(snapshot(bench, bench.token), True, bench.told.append)
        args = bench.answer("restore", Fenced.GONE) or ()
        assert args[12] == life
        bench.sessions.forget_gone()
