"""A claim asks whether its positions are known, whose the session is, and which rooms it is in."""

from typing import Any

import pytest

from node.core.entries import Position
from node.core.model import Claimed, Denied, Fenced, Membership, Unavailable
from tests.unit.node.brokers.bench import args_of
from tests.unit.node.brokers.seats_bench import departure, listed, said, seated
from tests.unit.node.brokers.sessions_bench import GEN, ClaimBench, greeted, row
from wire import limits

TEA = ("r:tea", Position(b"k1", 4, b"x4"))
DEN = ("r:den", Position(b"k2", 9, b"y9"))
INBOX = ("i:s1", Position(b"k5", 1, b"i1"))
START = ("r:bar", Position(b"k3", 0, b"0"))
"""Nothing can be missing before it."""


@pytest.fixture
def bench() -> ClaimBench:
    return ClaimBench()


def test_a_claim_tells_all_about_the_session(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    assert list(bench.hello(Unavailable.UNREACHABLE)) == [
        *(0, "id2", "s1", 1, "Ana", "ana ana1", 3, bench.token.owner, limits.ROOMS, 0),
        *(5, "192.0.2.1", 2, "tea", "den", "general", ""),
    ]
    bench.claim(attempt=None)
    assert bench.hello(Unavailable.UNREACHABLE)[6] == ""
    assert bench.told == [Unavailable.UNREACHABLE] * 2


def test_a_session_is_welcome_once_all_its_rooms_know_it(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea", members=3), row("den", b"b2", 1, 1), refused=[b"loo"]))
    tea = bench.settle(seated(members=2))
    assert (tea.room, tea.birth, tea.others) == ("tea", b"b1", 1)
    assert tea.items == [
        ("s1", GEN, b"op1", "in", "id2j0", b"", "ana", "Ana", bench.token.owner, "")
    ]
    assert bench.told == [] and bench.sessions.holds.coming == {bench.token}
    den = bench.settle(seated(b"k2-9-y9", quiet=1))
    assert bench.sessions.holds.coming == set()
    assert (den.room, den.others, den.items[0].id) == ("den", 0, "id2j1")
    assert bench.told == [
        Claimed(
            *(True, "Ana", 9, Position(b"k5", 2, b"i2"), ["loo"]),
            [
                Membership("tea", "k1-1-x1", 2, False, False, b"b1", True),
                Membership("den", "k2-9-y9", 1, True, True, b"b2", True),
            ],
        )
    ]
    assert bench.context.births == {"r:tea": b"b1", "r:den": b"b2"} and bench.calls == []
    assert bench.lease.changes == 4


def test_an_inbox_is_looked_up_if_the_channel_broke_while_rooms_were_told(
    bench: ClaimBench,
) -> None:
    """A direct that came after the decision was not heard, and the decision says nothing of it."""
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea")))
    bench.context.subscriptions += 1
    bench.settle(seated())
    assert len(bench.told) == 1 and bench.events.told == [("differs", "i:s1")]
    bench.claim()
    bench.hello(greeted(row("tea")))
    bench.settle(seated())
    assert len(bench.told) == 2 and len(bench.events.told) == 1


def test_a_session_is_put_back_if_redis_was_away_while_rooms_were_told(bench: ClaimBench) -> None:
    """The loss may have been noticed, and all others put back, before it was known here."""
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea")))
    bench.lose_contact()
    bench.settle(seated())
    assert len(bench.told) == 1 and bench.events.told == [("vanished", "s1")]


def test_a_session_without_rooms_is_welcome_at_once(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    bench.hello(greeted())
    [claimed] = bench.told
    assert claimed.memberships == [] and bench.calls == []


def test_departures_from_before_are_settled_before_the_session_comes_in(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea"), outs=[listed(departure())]))
    assert [item.want for item in bench.settle(said(), seated()).items] == ["quit", "in"]
    assert len(bench.told) == 1, "that they are forgotten is not waited for"
    assert bench.names() == ["outdone"]


@pytest.mark.parametrize("reply", [Fenced.GONE, Denied.TAKEN, Denied.BANNED, Denied.NAMELESS])
def test_a_claim_that_is_refused_settles_nothing(bench: ClaimBench, reply: Any) -> None:
    bench.heal()
    bench.claim()
    bench.hello([reply.name.lower().encode()])
    assert bench.told == [reply] and bench.calls == []


def test_a_room_that_does_not_answer_fails_the_claim_once_all_are_answered(
    bench: ClaimBench,
) -> None:
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea"), row("den", b"b2"), old=1))
    bench.answer("settle", Unavailable.UNREACHABLE)
    assert bench.told == []
    bench.settle(seated())
    assert bench.told == [Unavailable.UNREACHABLE]
    assert bench.calls == [], "not all rooms know the nick: the former one is not free"


def test_a_nick_that_was_given_up_is_free_once_all_rooms_know_that(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea"), old=1))
    assert bench.names() == ["settle"]
    bench.settle(seated())
    assert bench.answer("named", [b"ok"]) == (0, "s1", GEN)
    assert len(bench.told) == 1


def test_a_node_that_must_not_touch_the_data_claims_nothing(bench: ClaimBench) -> None:
    bench.readiness.refuse("format 3")
    bench.claim()
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


# Positions


def test_positions_are_asked_for_while_nodes_may_put_something_back(bench: ClaimBench) -> None:
    bench.answered()
    bench.claim(TEA, INBOX, START, DEN)
    assert bench.names() == ["known", "known"]
    args = bench.answer("known", 1) or ()
    assert args[1] == "chat:{r:tea}" and args[1 + args[0] :] == ("r:tea", b"k1", 4, b"x4")
    assert bench.names() == ["known"]
    args = bench.answer("known", 0) or ()
    assert args[1 + args[0]] == "r:den"
    *_, inbox, unknown = bench.hello(greeted())
    assert (inbox, unknown) == ("k5-1-i1", "den"), "hello decides whether that matters"
    assert len(bench.told) == 1


def test_positions_are_not_asked_for_once_all_has_been_put_back(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim(TEA, INBOX)
    assert bench.names() == ["hello"]
    assert bench.hello(greeted())[-1] == "", "nor is that of the inbox"


def test_a_room_that_does_not_say_whether_a_position_is_known_fails_the_claim(
    bench: ClaimBench,
) -> None:
    bench.answered()
    bench.claim(TEA, DEN)
    bench.answer("known", Unavailable.UNREACHABLE)
    assert bench.told == []
    bench.answer("known", 1)
    assert bench.told == [Unavailable.UNREACHABLE] and bench.calls == []


def test_positions_are_asked_for_again_if_redis_was_away_before_the_hello(
    bench: ClaimBench,
) -> None:
    """It may have lost since what it knew."""
    bench.answered()
    bench.claim(TEA)
    bench.answer("known", 1)
    bench.lose_contact()
    hello = bench.calls.pop()
    assert hello.args() is None and bench.names() == ["known"]
    bench.answer("known", 0)
    bench.lose_contact()
    hello = bench.calls.pop()
    assert hello.args() is None
    bench.answer("known", 1)
    assert bench.hello(greeted())[-1] == "", "the last answer counts"
    assert len(bench.told) == 1


def test_positions_are_asked_for_if_redis_goes_away_before_a_hello_is_repeated(
    bench: ClaimBench,
) -> None:
    bench.heal()
    bench.claim(TEA)
    hello = bench.calls.pop()
    first = hello.args() or ()
    hello.lost()
    bench.lose_contact()
    assert hello.args() is None
    bench.answer("known", 1)
    assert bench.hello(greeted())[1] == first[3], "it is still the same op"


def test_positions_are_asked_for_only_where_something_may_be_put_back() -> None:
    """Each server breaks by itself."""
    bench = ClaimBench(servers=2, place=lambda log: int(log == "r:den"))
    bench.heal()
    den = bench.servers[1].contact
    den.lost()
    den.answered(bench.time, bench.time)
    bench.claim(TEA, DEN, INBOX)
    assert bench.names() == ["known"] and bench.servers[1].taken == ["known"]
    bench.answer("known", 0)
    assert bench.hello(Unavailable.UNREACHABLE)[-2:] == ("", "den")


def test_positions_are_asked_for_again_if_the_server_of_a_room_was_away() -> None:
    bench = ClaimBench(servers=2, place=lambda log: int(log == "r:den"))
    bench.heal()
    bench.claim(TEA, DEN)
    bench.servers[1].contact.lost()
    assert bench.calls.pop().args() is None
    assert bench.names() == ["known"] and bench.servers[1].taken == ["known"]


def test_a_room_is_settled_where_it_is() -> None:
    bench = ClaimBench(servers=2, place=lambda log: int(log == "r:den"))
    bench.heal()
    bench.claim()
    bench.hello(greeted(row("tea"), row("den"), outs=[listed(departure(room="den"))]))
    assert [server.taken for server in bench.servers] == [["hello", "settle"], ["settle"]]


def test_a_claim_without_positions_is_repeated_as_it_is(bench: ClaimBench) -> None:
    bench.heal()
    bench.claim(START)
    first = args_of(bench.calls[0])
    bench.lose_contact()
    assert args_of(bench.calls[0]) == first
