"""What time brings: limits of rate, pings, the idle and the slow, and the end of the node."""

from node.core.model import Stored, Unavailable
from node.core.session.states import State
from tests.unit.node.core.fakes import Client, HubBench, at, claimed, entry, frame
from wire import messages as m
from wire.errors import Code, WireError


def test_too_many_requests_are_refused_with_the_time_to_wait() -> None:
    bench = HubBench(rate=(2.0, 3.0))
    client = Client(bench)
    client.says(m.Hello(nick="ana"))
    bench.broker.answer("claim", claimed("ana"))
    client.hears()
    client.says(m.Send(room="tea", text="x"), m.Send(room="tea", text="x"))
    assert client.hears() == ["error not-in-room"] * 2
    client.says(m.SendDirect(to="bo", text="x", id="9", ref="r"))
    error = client.error()
    assert (error.code, error.ref, error.id) == (Code.RATE_LIMITED, "r", "9")
    assert error.retry_after_ms is not None and 500 <= error.retry_after_ms <= 502
    bench.time += error.retry_after_ms / 1000
    client.says(m.Send(room="tea", text="x"))
    assert client.hears() == ["error not-in-room"]


def test_pings_pongs_and_the_end_are_never_too_many() -> None:
    client = Client(HubBench(rate=(1.0, 1.0)))
    for _ in range(50):
        client.says(m.Ping(), m.Pong())
    client.says(m.Quit())
    assert client.hears() == ["pongevent"] * 50 + ["bye quit"]


def test_lines_that_are_no_requests_count_but_a_fatal_one_is_always_told() -> None:
    bench = HubBench(rate=(1.0, 2.0))
    client = bench.welcome()
    for _ in range(3):
        client.connection.refuse(WireError(Code.UNKNOWN_TYPE, "what?", type="dance", ref="r"))
    client.connection.refuse(WireError(Code.BAD_REQUEST, "no JSON", fatal=True))
    told = client.hears()
    assert told[-3:] == ["error rate-limited", "error bad-request", "bye protocol"]


def test_a_silent_client_is_pinged_once_and_given_up_later() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.pass_time(19.9)
    assert client.hears() == []
    bench.pass_time(0.2)
    bench.pass_time(10)
    assert client.hears() == ["pingevent"]
    bench.pass_time(29.8)
    assert client.hears() == []
    bench.pass_time(0.2)
    [bye] = client.events()
    assert bye == m.Bye(reason="idle", retry_after_ms=0) and client.outlet.closed
    assert bench.broker.names() == ["part"]


def test_any_sign_of_life_will_do() -> None:
    bench = HubBench()
    client = bench.welcome()
    for _ in range(10):
        bench.pass_time(21)
        assert client.hears() == ["pingevent"]
        client.connection.keepalive.hear(bench.services.now)
        bench.pass_time(1)
        assert client.hears() == []


def test_a_connection_that_never_says_hello_is_given_up_too() -> None:
    bench = HubBench()
    client = Client(bench)
    bench.pass_time(60)
    assert client.hears() == ["bye idle"] and bench.broker.calls == []
    assert not bench.registry.connections


def slow(bench: HubBench) -> Client:
    """Return a client that has stopped reading."""
    client = bench.welcome()
    client.outlet.paused, client.outlet.unread = True, 100_000
    client.connection.paused()
    return client


def alive(client: Client, bench: HubBench, seconds: int) -> None:
    """Let time pass while a client, slow as it may be, still speaks."""
    for _ in range(seconds):
        client.connection.keepalive.hear(bench.services.now)
        bench.pass_time(1)


def test_who_reads_nothing_for_a_minute_is_too_slow() -> None:
    bench = HubBench()
    client = slow(bench)
    alive(client, bench, 59)
    assert client.hears() == []
    alive(client, bench, 1)
    [bye] = client.events()
    assert bye == m.Bye(reason="slow", retry_after_ms=1000) and bench.metrics.slow_readers == 1


def test_who_reads_a_little_is_not_too_slow() -> None:
    bench = HubBench()
    client = slow(bench)
    for _ in range(5):
        alive(client, bench, 50)
        client.outlet.unread -= 1
    assert client.hears() == []


def test_who_is_not_read_from_is_not_idle_and_has_its_time_again_afterwards() -> None:
    bench = HubBench()
    client = slow(bench)
    for _ in range(20):
        bench.pass_time(10)
        client.outlet.unread -= 1
    client.outlet.paused = False
    client.connection.drained()
    bench.pass_time(1)
    assert client.hears() == []
    bench.pass_time(20)
    assert client.hears() == ["pingevent"]


def test_who_has_read_everything_gets_what_came_meanwhile() -> None:
    bench = HubBench()
    client = slow(bench)
    bench.events.frame(frame([entry(2), entry(3)], log="r:general"))
    assert client.hears() == []
    client.outlet.paused, client.outlet.unread = False, 0
    client.connection.drained()
    assert client.hears() == ["x2", "x3"]
    alive(client, bench, 100)
    assert client.hears() == []


def test_a_slow_reader_of_directs_gets_them_later_too() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.token.session
    bench.events.frame(frame([entry(1, kind="d", text="d1")], log=log))
    client.outlet.paused = True
    client.connection.paused()
    bench.events.frame(frame([entry(2, kind="d", text="d2")], log=log))
    assert [line for line in client.outlet.data.splitlines() if b"d2" in line] == []
    client.outlet.paused = False
    client.connection.drained()
    assert b"d2" in client.outlet.data


def test_a_draining_node_says_goodbye_at_once_to_who_waits_for_nothing() -> None:
    bench = HubBench()
    client, stranger = bench.welcome(), Client(bench)
    for session in bench.hub.drain():
        bench.hub.say_goodbye(session)
    [bye] = client.events()
    assert bye == m.Bye(reason="draining", retry_after_ms=100)
    assert stranger.hears() == ["bye draining"]
    assert bench.broker.names() == ["part"] and not bench.registry.connections


def test_a_draining_node_acknowledges_what_is_under_way_first() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(*(m.Send(room="general", text=id, id=id) for id in "ab"), m.ListRooms())
    bench.hub.say_goodbye(client.connection)
    client.says(m.Send(room="general", text="c", id="c"), m.Ping())
    assert client.hears() == ["pongevent"] and client.connection.state is State.LEAVING
    for name in "ab":
        bench.broker.answer("publish", Stored("r:general", str(at(2)), 17, ""))
        assert client.hears() == ["ack"] + ["bye draining"] * (name == "b")
    assert bench.broker.names() == ["part"]


def test_a_draining_node_says_goodbye_also_when_the_broker_says_nothing() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.Join(room="tea"))
    bench.hub.say_goodbye(client.connection)
    bench.broker.answer("join", Unavailable.UNREACHABLE)
    assert client.hears() == ["error unavailable", "bye draining"]


def test_a_draining_node_does_not_wait_for_a_hello() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana"))
    bench.hub.say_goodbye(client.connection)
    assert client.hears() == ["bye draining"]
    bench.broker.answer("claim", claimed("ana"))
    assert bench.broker.names() == ["part"]


def test_a_connection_that_had_to_stop_reads_on_when_few_requests_are_left() -> None:
    bench = HubBench(backlog_low=2)
    client = bench.welcome()
    client.says(*(m.Send(room="general", text="x") for _ in range(5)))
    client.connection.pipeline.throttle()
    for left in (4, 3, 2, 1):
        bench.broker.answer("publish", Stored("r:general", str(at(2)), 17, ""))
        assert client.connection.pipeline.backlog == left
        assert client.outlet.reads_on == (left <= 2)
    assert not client.connection.pipeline.throttled


def test_requests_that_were_too_late_leave_room_for_others() -> None:
    bench = HubBench(backlog_low=2)
    client = bench.welcome()
    client.says(*(m.ListRooms() for _ in range(9)))
    client.connection.pipeline.throttle()
    bench.pass_time(5)
    assert client.hears() == ["error unavailable"] * 8 and client.outlet.reads_on == 1
