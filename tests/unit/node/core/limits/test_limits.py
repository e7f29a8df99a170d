"""What a stranger runs into once it is in: rates of rooms and nicks, rooms made, memory, hello."""

from node.core.config import Limit
from node.core.limits.admission import AddressUsage, Admission, Bounds
from node.core.model import Denied, Fenced, Stored, Unavailable
from tests.unit.node.core.fakes import (
    RESTORED,
    Client,
    HubBench,
    at,
    claimed,
    entries,
    membership,
    slice_,
)
from wire import messages as m

KEPT = Stored("r:general", "k1-2-a", 17, "")


def caller_of(**bounds: object) -> AddressUsage:
    """Return an address that is limited."""
    caller = Admission(Bounds(**bounds)).enter("192.0.2.7", 1000.0)  # type: ignore[arg-type]
    assert isinstance(caller, AddressUsage)
    return caller


def say(client: Client, room: str = "general") -> None:
    """Say something that is taken."""
    client.says(m.Send(room=room, text="x"))
    client.bench.broker.answer("publish", KEPT)
    assert client.hears() == []


def limited(bench: HubBench) -> dict[str, int]:
    """Return how often each limit was run into, of those that were."""
    return {str(limit): count for limit, count in bench.metrics.limited.items() if count}


# Requests


def test_all_clients_of_an_address_share_what_it_may_ask() -> None:
    bench = HubBench(rate=(1.0, 10.0))
    caller = caller_of(requests=(1.0, 4.0))
    ana, bo = bench.welcome("ana"), bench.welcome("bo", key="b" * 16)
    for client in (ana, bo):
        client.connection.quota.share(caller)
    say(ana)
    say(ana)
    say(bo)
    say(bo)
    bo.says(m.Send(room="general", text="x", id="1", ref="r"))
    error = bo.error()
    assert (error.code, error.ref, error.id) == ("rate-limited", "r", "1")
    assert error.retry_after_ms == 1001
    assert limited(bench) == {"address-rate": 1}
    bench.pass_time(1)
    say(bo)


def test_what_the_address_may_not_ask_takes_nothing_from_the_client() -> None:
    bench = HubBench(rate=(0.001, 3.0))
    ana = bench.welcome("ana")
    ana.connection.quota.share(caller_of(requests=(1.0, 1.0)))
    say(ana)
    for _ in range(10):
        ana.says(m.Send(room="general", text="x"))
        assert ana.error().code == "rate-limited"
    assert limited(bench) == {"address-rate": 10}
    bench.pass_time(1)
    say(ana)


def test_a_long_page_counts_as_several_requests() -> None:
    bench = HubBench(rate=(1.0, 10.0))
    ana = bench.welcome("ana")
    ana.connection.quota.share(caller := caller_of(requests=(1.0, 100.0)))
    for limit, left in ((50, 8), (200, 4), (None, 3)):
        ana.says(m.GetHistory(room="general", limit=limit))
        bench.broker.answer("history", (b"k1", [], False))
        assert ana.hears() != []
        assert ana.connection.quota.bucket.spare(bench.time) == left
    assert caller.requests is not None and caller.requests.spare(bench.time) == 94


def test_a_long_list_counts_as_several_requests() -> None:
    bench = HubBench(rate=(1.0, 20.0))
    ana = bench.welcome("ana")
    ana.connection.quota.share(caller := caller_of(requests=(1.0, 100.0)))
    for count, left in ((0, 18), (250, 17), (1000, 13)):
        ana.says(m.ListMembers(room="general"))
        bench.broker.answer("members", ([f"nick{number}" for number in range(count)], False))
        assert ana.connection.quota.bucket.spare(bench.time) == left
    ana.says(m.ListRooms())
    bench.broker.answer("rooms", ([(f"room{number}", 1) for number in range(1000)], True))
    assert ana.connection.quota.bucket.spare(bench.time) == 9
    assert caller.requests is not None and caller.requests.spare(bench.time) == 90


def hello_with_positions(bench: HubBench, offset: int, on: bool) -> Client:
    """Return a client that goes on in 50 rooms, from an offset in each; how the logs answer."""
    rooms = [f"r{number}" for number in range(50)]
    ana = Client(bench)
    positions = {room: str(at(offset)) for room in rooms}
    ana.says(m.Hello(key="k" * 16, rooms=rooms, positions=positions))
    bench.broker.answer("claim", claimed("ana", rooms, resumed=True))
    for room in rooms:
        bench.events.confirmed("r:" + room)
        bench.broker.answer("tail", slice_(entries(101, 200)))
    while "read" in bench.broker.names():
        found = entries(max(offset, 1) + 1, 100) if on else entries(101, 200)
        bench.broker.answer("read", slice_(found, on, at(200)))
    ana.outlet.take()
    return ana


def test_a_position_that_has_to_be_looked_up_in_a_log_counts_as_a_request() -> None:
    bench = HubBench(rate=(20.0, 60.0))
    ana = hello_with_positions(bench, 5, on=False)
    assert ana.connection.quota.bucket.spare(bench.time) == 60 - 1 - 50
    say(ana, "r0")


def test_positions_that_a_node_still_remembers_cost_nothing() -> None:
    """As after a restart of another node: who comes over has missed little."""
    bench = HubBench(rate=(20.0, 60.0))
    ana = hello_with_positions(bench, 190, on=True)
    assert ana.connection.quota.bucket.spare(bench.time) == 60 - 1


def test_a_room_takes_so_many_messages_from_this_node() -> None:
    bench = HubBench(room_rate=(1.0, 2.0))
    ana, bo = bench.welcome("ana", ["general", "den"]), bench.welcome("bo", key="b" * 16)
    bench.pass_time(10)
    say(ana)
    say(bo)
    bo.says(m.Send(room="general", text="x", id="1"))
    error = bo.error()
    assert (error.code, error.id, error.room) == ("rate-limited", "1", "general")
    assert error.retry_after_ms is not None and limited(bench) == {"room-rate": 1}
    ana.says(m.Send(room="den", text="x"))
    assert bench.broker.take("publish").args[0] == "den"
    bench.pass_time(1)
    say(bo)


def test_a_nick_gets_so_many_directs_from_this_node_however_it_is_written() -> None:
    bench = HubBench(direct_rate=(1.0, 2.0))
    ana, bo = bench.welcome("ana"), bench.welcome("bo", key="b" * 16)
    ana.says(m.SendDirect(to="cy", text="x"))
    bo.says(m.SendDirect(to="CY", text="x"))
    assert bench.broker.names() == ["direct", "direct"]
    bo.says(m.SendDirect(to="cy", text="x", ref="r"))
    error = bo.error()
    assert (error.code, error.ref) == ("rate-limited", "r")
    bo.says(m.SendDirect(to="di", text="x"))
    assert bench.broker.names() == ["direct"] * 3 and limited(bench) == {"direct-rate": 1}
    bench.pass_time(2)
    assert len(bench.services.directs) == 0


# Rooms


def test_a_connection_makes_so_many_rooms() -> None:
    bench = HubBench(rooms_made=2)
    ana = bench.welcome("ana")
    for room in ("a", "b"):
        ana.says(m.Create(room=room))
        bench.broker.answer("join", membership(room, created=True))
        bench.follow("r:" + room)
        ana.events()
    ana.says(m.Create(room="c", ref="r"))
    error = ana.error()
    assert (error.code, error.room, error.ref) == ("too-many-rooms", "c", "r")
    assert "join" not in bench.broker.names() and limited(bench) == {"rooms-made": 1}
    ana.says(m.Join(room="c"))
    assert "join" in bench.broker.names()


def test_a_room_that_was_not_made_costs_nothing_however_it_failed() -> None:
    bench = HubBench(rooms_made=1)
    ana = bench.welcome("ana")
    caller = caller_of(rooms_made=1)
    ana.connection.quota.share(caller)
    for reply in (Denied.EXISTS, Unavailable.INTERNAL, Denied.EXISTS):
        ana.says(m.Create(room="a"))
        bench.broker.answer("join", reply)
        assert ana.error().code in ("room-exists", "internal")
    ana.says(m.Create(room="a"))
    bench.broker.answer("join", Fenced.GONE)
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    assert ana.connection.quota.rooms_made == 1, "the request is made again, and counted once"
    bench.broker.answer("join", membership("a", created=True))
    assert (
        ana.connection.quota.rooms_made == 1
        and caller.rooms is not None
        and not caller.rooms.spare(1000.0)
    )


def test_all_clients_of_an_address_share_the_rooms_it_may_make_in_a_day() -> None:
    bench = HubBench(rooms_made=3)
    caller = caller_of(rooms_made=3)
    for number in range(2):
        client = Client(bench)
        client.connection.quota.share(caller)
        rooms = [f"{letter}{number}" for letter in "abc"]
        client.says(m.Hello(nick=f"n{number}", rooms=rooms))
        claim = bench.broker.take("claim")
        assert claim.args[0].makes == (3, 1)[number]
        # Of the first one's rooms, one was there already.
        made = [membership(room, created=room != "a0") for room in rooms[: claim.args[0].makes]]
        reply = claimed(f"n{number}")._replace(memberships=made, refused=rooms[len(made) :])
        claim.done(reply)
        codes = [event.code for event in client.events() if isinstance(event, m.Error)]
        assert codes == [[], ["too-many-rooms"] * 2][number]
    assert limited(bench) == {"rooms-made": 2}


# Memory


def test_a_full_node_takes_no_newcomers_but_goes_on_with_those_it_knows() -> None:
    bench = HubBench()
    bench.services.heed_memory(True)
    new = Client(bench)
    new.says(m.Hello(nick="ana", ref="r"))
    error = new.error()
    assert (error.code, error.ref) == ("unavailable", "r")
    assert error.retry_after_ms is not None and bench.broker.names() == []

    new.says(m.Hello(nick="ana", key="k" * 16))
    claim = bench.broker.answer("claim", Denied.NAMELESS)
    assert claim.args[0].nick == "", "so that no session can begin"
    assert new.error().code == "unavailable"

    known = Client(bench)
    known.says(m.Hello(nick="ana", key="k" * 16))
    bench.broker.answer("claim", claimed("ana", resumed=True))
    [welcome] = known.events()
    assert isinstance(welcome, m.Welcome) and welcome.resumed
    assert limited(bench) == {"memory": 2}
    bench.services.heed_memory(False)
    new.says(m.Hello(nick="bo"))
    assert "claim" in bench.broker.names()


def test_a_full_node_waits_less_for_those_who_do_not_read() -> None:
    bench = HubBench()
    ana = bench.welcome()
    ana.outlet.paused, ana.outlet.unread = True, 1000
    ana.connection.paused()
    bench.pass_time(10)
    assert not ana.outlet.closed
    bench.services.heed_memory(True)
    bench.pass_time(1)
    assert ana.hears()[-1] == "bye slow" and ana.connection.closing.reason == "slow"


def test_who_does_not_read_gets_no_more_pages_until_it_does() -> None:
    bench = HubBench()
    ana = bench.welcome()
    ana.says(*[m.GetHistory(room="general", ref=str(number)) for number in range(3)])
    ana.outlet.paused = True
    ana.connection.paused()
    bench.broker.answer("history", (b"k1", [], False))
    assert bench.broker.names() == [], "the next page would have to be kept"
    ana.outlet.paused = False
    ana.connection.drained()
    for _ in range(2):
        bench.broker.answer("history", (b"k1", [], False))
    refs = [event.ref for event in ana.events() if isinstance(event, m.History)]
    assert refs == ["0", "1", "2"]


def test_a_request_that_waits_for_a_slow_reader_is_answered_in_time_all_the_same() -> None:
    bench = HubBench()
    ana = bench.welcome()
    ana.says(m.GetHistory(room="general", ref="0"), m.GetHistory(room="general", ref="1"))
    ana.outlet.paused = True
    ana.connection.paused()
    bench.broker.answer("history", (b"k1", [], False))
    ana.events()
    bench.pass_time(5)
    error = ana.error()
    assert (error.code, error.ref) == ("unavailable", "1")


# Hello


def test_who_is_not_welcomed_in_time_has_to_go() -> None:
    bench = HubBench(hello_within=30.0)
    ana, silent = bench.welcome(), Client(bench)
    for _ in range(2):
        bench.pass_time(14)
        for client in (ana, silent):
            client.says(m.Ping())
    silent.events()
    bench.pass_time(2)
    [bye] = silent.events()
    assert isinstance(bye, m.Bye) and bye.reason == "idle" and bye.retry_after_ms is not None
    assert silent.outlet.closed and not ana.outlet.closed
    assert limited(bench) == {"hello-within": 1}


def test_a_broker_that_is_away_does_not_count_as_a_late_hello() -> None:
    bench = HubBench(hello_within=30.0)
    ana = Client(bench)
    for _ in range(2):
        bench.pass_time(25)
        ana.says(m.Hello(nick="ana"))
        bench.broker.answer("claim", Unavailable.UNREACHABLE)
    assert not ana.outlet.closed


def test_who_is_turned_away_is_told_why_and_when_to_come_back() -> None:
    bench = HubBench()
    ana = Client(bench)
    ana.connection.turn_away(Limit.PER_ADDRESS, "Too many of you.", 5.0)
    assert len(ana.outlet.data) < 300
    error, bye = ana.events()
    assert isinstance(error, m.Error) and isinstance(bye, m.Bye)
    assert (error.code, error.text) == ("unavailable", "Too many of you.")
    assert (bye.reason, bye.retry_after_ms) == ("busy", error.retry_after_ms)
    assert ana.outlet.closed and not bench.registry.connections
    assert limited(bench) == {"per-address": 1}
