"""Who enters, leaves or takes another nick makes an entry in each room: that counts as so much."""

import pytest

from node.core.limits.admission import AddressUsage
from node.core.model import Claimed, Denied, Failure, Fenced, Membership, Unavailable
from tests.unit.node.core.fakes import RESTORED, Client, HubBench, claimed, membership
from tests.unit.node.core.limits.test_limits import caller_of, limited, say
from wire import messages as m

FIFTY = tuple(f"r{number}" for number in range(50))
KEY = "n" * 16


def spare(caller: AddressUsage) -> int:
    """Return how many requests an address may make, whose first one was just now."""
    assert caller.requests is not None
    return caller.requests.spare(1000.0)


def arrives(bench: HubBench, caller: AddressUsage, nick: str, **fields: object) -> Client:
    """Return a connection that has said hello and is not answered yet, unless it is refused."""
    client = Client(bench)
    client.connection.quota.share(caller)
    client.says(m.Hello(nick=nick, **fields))  # type: ignore[arg-type]
    return client


def entered(*rooms: str, quiet: bool = False) -> list[Membership]:
    """Return the places in rooms that were entered just now."""
    return [membership(room, quiet=quiet)._replace(entered=True) for room in rooms]


# Another nick


def test_another_nick_counts_as_many_requests_as_rooms() -> None:
    bench = HubBench(rate=(20.0, 60.0))
    caller = caller_of(requests=(400.0, 1200.0))
    ana = bench.welcome("ana", FIFTY)
    bench.pass_time(3)
    ana.connection.quota.share(caller)
    ana.says(m.SetNick(nick="bo"))
    bench.broker.answer("rename", ("ana", 17))
    assert ana.hears() == ["renamed"], "a person may change it once"
    assert ana.connection.quota.bucket.spare(bench.time) == 10
    assert caller.requests is not None and caller.requests.spare(bench.time) == 1150
    ana.says(m.SetNick(nick="cy"))
    bench.broker.answer("rename", ("bo", 17))
    ana.events()
    ana.says(m.SetNick(nick="di", ref="r"))
    error = ana.error()
    assert (error.code, error.ref, error.retry_after_ms) == ("rate-limited", "r", 2051)
    assert bench.broker.names() == [] and limited(bench) == {"rate": 1}
    bench.pass_time(2.051)
    say_nick(bench, ana, "di")


def say_nick(bench: HubBench, client: Client, nick: str) -> None:
    """Take another nick, and see that it was asked for."""
    client.says(m.SetNick(nick=nick))
    bench.broker.answer("rename", ("old", 17))
    assert client.hears() == ["renamed"]


def test_nicks_that_waited_in_line_are_counted_one_by_one() -> None:
    bench = HubBench(rate=(20.0, 60.0))
    ana = bench.welcome("ana", FIFTY)
    bench.pass_time(3)
    ana.says(*(m.SetNick(nick=f"n{number}") for number in range(10)))
    done = 0
    while "rename" in bench.broker.names():
        bench.broker.answer("rename", ("ana", 17))
        done += 1
    assert done == 2 and ana.hears() == ["renamed"] * 2 + ["error rate-limited"] * 8


@pytest.mark.parametrize("reply", [Denied.TAKEN, Denied.BANNED, ("bo", 17)])
def test_a_nick_that_no_room_saw_counts_as_one_request(reply: Failure | tuple[str, int]) -> None:
    bench = HubBench(rate=(10.0, 100.0), room_rate=(1.0, 2.0))
    ana = bench.welcome("ana", FIFTY)
    bench.pass_time(10)
    for _ in range(10):
        ana.says(m.SetNick(nick="bo"))
        bench.broker.answer("rename", reply)
    assert ana.connection.quota.bucket.spare(bench.time) == 90


def test_a_nick_that_is_asked_for_again_with_a_new_hold_counts_once() -> None:
    bench = HubBench(rate=(10.0, 100.0))
    ana = bench.welcome("ana", FIFTY)
    bench.pass_time(10)
    ana.says(m.SetNick(nick="bo"))
    bench.broker.answer("rename", Fenced.GONE)
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    bench.broker.answer("rename", ("ana", 17))
    assert ana.connection.quota.bucket.spare(bench.time) == 50


def test_other_nicks_count_for_the_room() -> None:
    bench = HubBench(room_rate=(1.0, 2.0))
    ana, bo = bench.welcome("ana", ["general", "den"]), bench.welcome("bo", key="b" * 16)
    bench.pass_time(10)
    for nick in "cde":
        say_nick(bench, ana, nick)
    ana.says(m.SetNick(nick="f"))
    error = ana.error()
    assert (error.code, error.retry_after_ms) == ("rate-limited", 1001)
    bo.says(m.Send(room="general", text="x"))
    assert bo.error().code == "rate-limited"
    assert limited(bench) == {"room-rate": 2} and bench.broker.names() == []
    bench.pass_time(2)
    say(bo)
    say_nick(bench, ana, "f")


# A hello


def test_entering_counts_for_the_address_and_so_does_leaving_later() -> None:
    bench = HubBench(rate=(20.0, 60.0))
    caller = caller_of(requests=(400.0, 1200.0))
    done = 0
    for number in range(40):
        client = arrives(bench, caller, f"n{number}", rooms=list(FIFTY))
        if "claim" not in bench.broker.names():
            error = client.error()
            assert error.code == "rate-limited" and error.retry_after_ms is not None
            assert 30 <= error.retry_after_ms <= 34, "12 of 1200 are to be made up for"
            break
        # The connection breaks at once: what it entered is left again.
        client.connection.closed()
        bench.broker.answer("claim", claimed(f"n{number}", FIFTY))
        bench.broker.take("part")
        done += 1
    assert done == 12 and limited(bench) == {"address-rate": 1}
    bench.pass_time(0.034)
    late = arrives(bench, caller, "late", rooms=list(FIFTY))
    assert late.hears() == [] and bench.broker.names() == ["claim"]


def test_hellos_that_come_all_at_once_are_not_let_in_on_the_same_allowance() -> None:
    bench = HubBench()
    caller = caller_of(requests=(400.0, 1200.0))
    for number in range(100):
        arrives(bench, caller, f"n{number}", rooms=list(FIFTY))
    claims = [bench.broker.take("claim") for _ in range(len(bench.broker.calls))]
    assert len(claims) == 12
    for number, claim in enumerate(claims):
        claim.done(claimed(f"n{number}", FIFTY))
    assert caller.entering == 0 and spare(caller) == 0


def test_sessions_that_go_on_count_as_one_request_each() -> None:
    bench = HubBench(rate=(20.0, 60.0))
    caller = caller_of(requests=(400.0, 1200.0))
    for number in range(500):
        key = f"{number:016}"
        client = arrives(bench, caller, f"n{number}", rooms=list(FIFTY), key=key)
        client.outlet.take()
    claims = [bench.broker.take("claim") for _ in range(len(bench.broker.calls))]
    assert len(claims) == 500, "they come from another node, which died"
    for number, claim in enumerate(claims):
        claim.done(claimed(f"n{number}", FIFTY, resumed=True))
    assert spare(caller) == 700 and caller.entering == 0 and limited(bench) == {}


def test_a_hello_with_a_key_that_would_begin_a_session_waits_like_any_other() -> None:
    bench = HubBench()
    caller = caller_of(requests=(10.0, 50.0))
    arrives(bench, caller, "first", rooms=list(FIFTY))
    late = arrives(bench, caller, "late", rooms=list(FIFTY), key=KEY)
    bench.broker.take("claim")
    claim = bench.broker.answer("claim", Denied.NAMELESS)
    assert (claim.args[0].nick, claim.args[0].rooms) == ("", [])
    error = late.error()
    assert (error.code, error.room) == ("rate-limited", None) and error.retry_after_ms


def test_a_session_that_goes_on_enters_no_other_rooms_while_too_many_come() -> None:
    bench = HubBench()
    caller = caller_of(requests=(10.0, 50.0))
    arrives(bench, caller, "first", rooms=list(FIFTY))
    bench.broker.take("claim")
    back = arrives(bench, caller, "bo", rooms=["den", "Attic"], key=KEY)
    bench.broker.answer("claim", claimed("bo", ["den"], resumed=True))
    told = back.events()
    refused = [event.room for event in told if isinstance(event, m.Error)]
    assert refused == ["Attic"] and isinstance(told[0], m.Welcome)


def test_a_session_that_goes_on_pays_for_the_rooms_that_it_enters() -> None:
    bench = HubBench()
    caller = caller_of(requests=(1.0, 100.0))
    arrives(bench, caller, "bo", rooms=["den", "attic"], key=KEY)
    reply = claimed("bo", ["den"], resumed=True)
    bench.broker.answer(
        "claim", reply._replace(memberships=[*reply.memberships, *entered("attic")])
    )
    assert spare(caller) == 97


@pytest.mark.parametrize("reply", [Denied.TAKEN, Denied.BANNED, Unavailable.UNREACHABLE])
def test_a_hello_that_entered_nothing_counts_as_one_request(reply: Claimed | Failure) -> None:
    bench = HubBench()
    caller = caller_of(requests=(1.0, 100.0))
    arrives(bench, caller, "ana", rooms=list(FIFTY))
    bench.broker.answer("claim", reply)
    assert spare(caller) == 99 and caller.entering == 0


def test_who_comes_counts_for_the_room_unless_it_is_quiet() -> None:
    bench = HubBench(room_rate=(1.0, 4.0))
    ana = bench.welcome("ana")
    bench.pass_time(10)
    for number in range(3):
        client = Client(bench)
        client.says(m.Hello(nick=f"n{number}"))
        reply = claimed(f"n{number}")._replace(memberships=entered("general", quiet=number == 2))
        bench.broker.answer("claim", reply)
    ana.says(m.Send(room="general", text="x"))
    assert ana.hears() == ["error rate-limited"]
    bench.pass_time(1)
    say(ana)
    for _ in range(2):
        bench.rooms["r:general"].pace.charge(1, bench.time)  # type: ignore[union-attr]
    late = Client(bench)
    late.says(m.Hello(nick="late"))
    assert late.error().code == "rate-limited" and bench.broker.names() == []
    bench.pass_time(2)
    late.says(m.Hello(nick="late"))
    assert bench.broker.names() == ["claim"]


# Join


def test_a_join_counts_for_the_address_and_the_room() -> None:
    bench = HubBench(room_rate=(1.0, 3.0))
    ana, bo = bench.welcome("ana"), bench.welcome("bo", ["den"], key="b" * 16)
    bo.connection.quota.share(caller := caller_of(requests=(1.0, 100.0)))
    bo.says(m.Join(room="general"))
    bench.broker.answer("join", membership("general"))
    assert spare(caller) == 98 and bo.hears() == ["joined"]
    bo.says(m.Join(room="general"))
    bench.broker.answer("join", membership("general"))
    assert spare(caller) == 97 and bo.hears() == ["joined"], "it is there already"
    say(ana)
    pace = bench.rooms["r:general"].pace
    assert pace is not None
    pace.charge(1, bench.time)
    cy = bench.welcome("cy", ["den"], key="c" * 16)
    cy.says(m.Join(room="general"))
    error = cy.error()
    assert (error.code, error.room) == ("rate-limited", "general")
    assert bench.broker.names() == []
