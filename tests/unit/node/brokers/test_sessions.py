"""Each change of a session is decided first; then its rooms are settled, and it is answered."""

from typing import Any

import pytest

from node.brokers.calls import READ_WITHIN
from node.core.model import (
    Denied,
    Departure,
    Fenced,
    Membership,
    Renaming,
    SessionState,
    Unavailable,
)
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import (
    LIFE,
    NOT_SAID,
    WITHIN,
    departure,
    listed,
    said,
    seated,
)
from tests.unit.node.brokers.sessions_bench import GEN, SessionsBench, changed, row

OUT = listed(departure())
IN_TEA = Membership("tea", "k1-1-x1", 1, False, False, b"b1", True)


@pytest.fixture
def bench() -> SessionsBench:
    return SessionsBench()


def test_each_connection_has_a_token_of_its_own(bench: SessionsBench) -> None:
    assert [bench.sessions.owner() for _ in range(2)] == ["id1.2", "id1.3"]


# Join


def test_a_session_has_joined_once_the_room_knows_it(bench: SessionsBench) -> None:
    bench.sessions.join(bench.token, "tea", True, WITHIN, bench.told.append)
    reply = changed(row("tea", created=1), b"Ana", b"ana", [])
    assert bench.answer("join", reply) == (0, "id2", *bench.token, "create", "tea")
    assert bench.told == []
    [item] = bench.settle(seated()).items
    owner = bench.token.owner
    assert item == ("s1", GEN, LIFE, "in", "id2j0", b"", "ana", "Ana", owner, "")
    assert bench.told == [IN_TEA._replace(created=True)] and bench.calls == []
    assert bench.context.births == {"r:tea": b"b1"} and bench.lease.changes == 4


def test_a_session_that_comes_back_into_a_room_has_left_it_before(bench: SessionsBench) -> None:
    bench.sessions.join(bench.token, "tea", False, WITHIN, bench.told.append)
    args = bench.answer("join", changed(row("tea"), b"Ana", b"ana", [OUT])) or ()
    assert args[-2:] == ("join", "tea")
    assert [item.want for item in bench.settle(said(), seated()).items] == ["quit", "in"]
    assert bench.told == [IN_TEA] and bench.names() == ["outdone"]


@pytest.mark.parametrize("reply", [Denied.EXISTS, Denied.MISSING, Fenced.GONE])
def test_a_join_that_is_refused_settles_nothing(bench: SessionsBench, reply: Any) -> None:
    bench.sessions.join(bench.token, "tea", False, WITHIN, bench.told.append)
    bench.answer("join", [reply.name.lower().encode()])
    assert bench.told == [reply] and bench.calls == []


def test_a_session_has_not_joined_a_room_that_does_not_answer_in_time(
    bench: SessionsBench,
) -> None:
    bench.sessions.join(bench.token, "tea", False, WITHIN, bench.told.append)
    bench.answer("join", changed(row("tea"), b"Ana", b"ana", []))
    bench.calls[0].expire(WITHIN)
    assert bench.told == [Unavailable.UNREACHABLE] and bench.context.births == {}


# Leave


def test_a_session_has_left_once_the_room_has_said_it(bench: SessionsBench) -> None:
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    assert bench.answer("leave", changed([OUT])) == (0, "id2", *bench.token, "tea")
    assert bench.told == []
    bench.settle(said())
    assert bench.told == [Departure("k1-2-x2", 5)] and bench.names() == ["outdone"]


def test_the_last_departure_from_a_room_is_the_answer(bench: SessionsBench) -> None:
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    bench.answer("leave", changed([OUT, listed(departure(gen=8))]))
    bench.settle(NOT_SAID, said(b"k1-9-x9"))
    assert bench.told == [Departure("k1-9-x9", 5)]


def test_a_session_leaves_without_a_position_if_nothing_is_said_or_it_was_not_in_the_room(
    bench: SessionsBench,
) -> None:
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    bench.answer("leave", changed([OUT]))
    bench.settle(NOT_SAID)
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    bench.answer("leave", changed([]))
    assert bench.told == [None, None]


def test_a_departure_that_is_not_settled_in_time_is_left_to_others(bench: SessionsBench) -> None:
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    bench.answer("leave", changed([OUT]))
    bench.calls.pop().expire(WITHIN)
    bench.sessions.leave(bench.token, "tea", WITHIN, bench.told.append)
    bench.answer("leave", [b"gone"])
    assert bench.told == [Unavailable.UNREACHABLE, Fenced.GONE] and bench.calls == []


# Nick


def rename(bench: SessionsBench, *rows: list[Any]) -> None:
    """Give ana the nick Bo, as decided."""
    bench.sessions.rename(bench.token, "Bo", "bo b0", WITHIN, bench.told.append)
    asked = bench.answer("nick", changed(b"Ana", 5, list(rows)))
    assert asked == (0, "id2", *bench.token, "Bo", "bo b0", 0)


def test_a_former_nick_is_free_once_all_rooms_know_the_new_one(bench: SessionsBench) -> None:
    rename(bench, row("tea"), row("den"))
    [item] = bench.settle(seated()).items
    assert (item.fold, item.nick, item.want) == ("bo", "Bo", "in")
    assert bench.told == [] and bench.names() == ["settle"]
    bench.settle(seated())
    assert bench.told == [Renaming("Ana", 5)]
    assert bench.answer("named", [b"ok"]) == (0, "s1", GEN)


def test_a_former_nick_is_freed_though_a_room_made_a_newer_generation_necessary(
    bench: SessionsBench,
) -> None:
    """All rooms know the nick from the generation on that it was given in."""
    rename(bench, row("tea"), row("den"))
    bench.settle([b"ahead", 90])
    bench.settle(seated())
    bench.answer("raise", [b"ok", b"91"])
    bench.settle(seated())
    assert bench.told == [Renaming("Ana", 5)]
    assert bench.answer("named", [b"ok"]) == (0, "s1", GEN)


def test_a_former_nick_is_not_free_while_a_room_does_not_know(bench: SessionsBench) -> None:
    rename(bench, row("tea"), row("den"))
    bench.settle(seated())
    bench.answer("settle", Unavailable.UNREACHABLE)
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


def test_a_nick_without_rooms_is_changed_at_once(bench: SessionsBench) -> None:
    rename(bench)
    assert bench.told == [Renaming("Ana", 5)] and bench.names() == ["named"]


def test_a_nick_that_is_refused_changes_nothing(bench: SessionsBench) -> None:
    for reply in (b"taken", b"banned", b"gone", b"unhealed"):
        bench.sessions.rename(bench.token, "Bo", "bo", WITHIN, bench.told.append)
        bench.answer("nick", [reply])
    assert bench.told == [Denied.TAKEN, Denied.BANNED, Fenced.GONE, Fenced.UNHEALED]
    assert bench.calls == []


def test_a_nick_of_a_session_that_has_just_ended_is_asked_for_again(bench: SessionsBench) -> None:
    bench.sessions.rename(bench.token, "Bo", "bo", WITHIN, bench.told.append)
    bench.answer("nick", [b"ending", b"s2"])
    bench.answer("outs", [[listed(departure("s2"))], [], 0])
    bench.settle(said())
    bench.answer("outdone", [b"ok"])
    bench.answer("nick", changed(b"Ana", 5, []))
    assert bench.told == [Renaming("Ana", 5)]


# State


def test_the_state_of_a_session_settles_its_rooms(bench: SessionsBench) -> None:
    """A change of it that was not answered in time may not have been settled."""
    bench.sessions.standing(bench.token, bench.told.append)
    asked = bench.answer("standing", changed(b"Ana", b"ana", 5, [row("tea")]))
    assert asked == (0, *bench.token) and bench.told == []
    assert bench.settle(seated()).items[0].id == "id2j0"
    assert bench.told == [SessionState("Ana", 5, [IN_TEA])]


def test_a_state_whose_rooms_are_not_settled_is_not_known(bench: SessionsBench) -> None:
    bench.sessions.standing(bench.token, bench.told.append)
    bench.answer("standing", changed(b"Ana", b"ana", 5, [row("tea")]))
    bench.calls[0].expire(READ_WITHIN)
    bench.sessions.standing(bench.token, bench.told.append)
    bench.answer("standing", [b"gone"])
    assert bench.told == [Unavailable.UNREACHABLE, Fenced.GONE]


# End


def test_a_session_that_quits_is_over_once_its_rooms_were_told(bench: SessionsBench) -> None:
    bench.sessions.part(bench.token, True, lambda: bench.told.append("over"))
    assert bench.answer("part", [[OUT], 5]) == (0, "id2", *bench.token, "quit", 30_000)
    assert bench.told == [] and bench.lease.changes == 5
    assert bench.sessions.holds.leaving == {bench.token}
    bench.settle(said())
    assert bench.sessions.holds.leaving == set()
    assert bench.told == ["over"] and bench.names() == ["outdone"]


@pytest.mark.parametrize(("kick", "reason"), [(True, "kicked"), (False, "lost")])
def test_a_session_is_released_or_put_out(bench: SessionsBench, kick: bool, reason: str) -> None:
    if kick:
        bench.sessions.kick(bench.token)
    else:
        bench.sessions.part(bench.token, False)
    args = bench.answer("part", [[OUT], 5]) or ()
    assert args[4] == reason
    bench.settle(said())
    assert bench.names() == ["outdone"]


@pytest.mark.parametrize(("ended", "reason"), [(True, "over"), (False, "stray")])
def test_a_session_that_redis_brought_back_is_released_as_it_left(
    bench: SessionsBench, ended: bool, reason: str
) -> None:
    bench.sessions.release(bench.token, ended)
    args = bench.answer("part", [[OUT], 5]) or ()
    assert args[4] == reason and bench.sessions.holds.has_ended(bench.token) is ended


@pytest.mark.parametrize("changes", [0, 5])
def test_a_session_that_another_connection_has_is_not_known_to_have_ended(
    bench: SessionsBench, changes: int
) -> None:
    bench.sessions.part(bench.token, True)
    bench.answer("part", [[], changes])
    assert bench.sessions.holds.has_ended(bench.token) is bool(changes)


def test_a_session_is_released_however_long_redis_is_away(bench: SessionsBench) -> None:
    bench.sessions.part(bench.token, True, lambda: bench.told.append("over"))
    bench.calls[0].expire(1e9)
    assert bench.told == [] and args_of(bench.calls[0]) is not None
    bench.time = 1e6
    bench.answer("part", [[OUT], 5])
    bench.settle(said())
    assert bench.told == ["over"], "its rooms have their time from then on"


def test_a_session_is_over_as_well_if_that_is_refused_or_not_settled(bench: SessionsBench) -> None:
    bench.sessions.part(bench.token, True, lambda: bench.told.append("refused"))
    bench.answer("part", Unavailable.INTERNAL)
    bench.sessions.part(bench.token, True, lambda: bench.told.append("too late"))
    bench.answer("part", [[OUT], 5])
    bench.calls[0].expire(READ_WITHIN)
    assert bench.told == ["refused", "too late"] and bench.names() == ["settle"]
