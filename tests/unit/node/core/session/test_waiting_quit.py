"""A `quit` that waits for the requests before it counts, however the connection ends."""

from node.core.model import Restored, Unavailable
from node.core.session.states import State
from tests.unit.node.core.fakes import Call, Client, HubBench, claimed
from wire import messages as m
from wire.errors import Reason


def parts(bench: HubBench) -> list[bool]:
    """Return whether the sessions quit that the broker was told to let go of, and forget it."""
    found = []
    while "part" in bench.broker.names():
        found.append(bench.broker.take("part").args[1])
    return found


def quits_while_put_back() -> tuple[HubBench, Client, Call]:
    """Return a client that has quit, and the call that puts its session back."""
    bench = HubBench()
    client = bench.welcome()
    bench.events.forgotten(lost=True)
    put_back = bench.broker.take("restore")
    client.says(m.Quit())
    return bench, client, put_back


def test_a_quit_behind_a_request_that_is_not_answered_is_answered_in_time() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.says(m.ListRooms(), m.Quit())
    bench.pass_time(3.9)
    assert client.hears() == [] and parts(bench) == []
    bench.pass_time(0.2)
    assert client.hears() == ["bye quit"] and client.outlet.closed
    assert parts(bench) == [True]


def test_a_quit_while_the_session_is_put_back_is_answered_in_time_and_not_forgotten() -> None:
    bench, client, put_back = quits_while_put_back()
    bench.pass_time(4.1)
    assert client.hears() == ["bye quit"] and client.outlet.closed
    parts(bench)
    put_back.done(Restored({"general": b"b1"}))
    assert parts(bench) == [True], "once more, under the token that it has now"


def test_a_quit_whose_client_closes_while_the_session_is_put_back_is_not_forgotten() -> None:
    bench, client, put_back = quits_while_put_back()
    client.connection.closed()
    assert parts(bench) == [True]
    put_back.done(Unavailable.UNREACHABLE)
    assert parts(bench) == [True]


def test_a_quit_of_a_connection_that_is_replaced_does_not_end_the_session() -> None:
    bench, client, put_back = quits_while_put_back()
    client.connection.closed(Reason.REPLACED)
    put_back.done(Unavailable.UNREACHABLE)
    assert True not in parts(bench)


def test_a_quit_right_after_a_hello_counts_though_the_client_closes() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana"), m.Quit())
    client.connection.closed()
    bench.broker.answer("claim", claimed("ana"))
    assert parts(bench) == [True]


def test_a_node_that_says_goodbye_waits_for_a_quit() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.events.forgotten(lost=True)
    client.says(m.Quit())
    bench.hub.say_goodbye(client.connection)
    assert client.connection.state is State.LEAVING and client.hears() == []
    bench.broker.answer("restore", Restored({"general": b"b1"}))
    assert client.hears() == [] and parts(bench) == [True]
