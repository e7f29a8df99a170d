"""A connection's life: what it may ask in which state, and how it begins and ends."""

import sys
from collections.abc import Callable

import pytest

from node.core.requests.table import ROWS
from node.core.session.connection import ClientConnection
from node.core.session.states import State
from tests.unit.node.core.fakes import Client, HubBench
from wire import messages as m
from wire.errors import Code, Reason, WireError

REQUESTS: list[m.AnyRequest] = [
    m.Hello(nick="ana"),
    m.Create(room="tea"),
    m.Join(room="tea"),
    m.Leave(room="general"),
    m.Send(room="general", text="hi"),
    m.SendDirect(to="bo", text="hi"),
    m.SetNick(nick="bo"),
    m.ListRooms(),
    m.ListMembers(room="general"),
    m.GetHistory(room="general"),
    m.Ping(),
    m.Pong(),
    m.Quit(),
]
EARLY = (m.Hello, m.Ping, m.Pong, m.Quit)


def in_state(state: State) -> tuple[HubBench, Client]:
    """Return a connection that was brought into a state."""
    bench = HubBench()
    if state in (State.NEW, State.GREETING):
        client = Client(bench)
        if state is State.GREETING:
            client.says(m.Hello(nick="ana"))
            bench.broker.calls.clear()
        return bench, client
    client = bench.welcome()
    if state is State.LEAVING:
        client.says(m.Send(room="general", text="the last one"))
        bench.hub.say_goodbye(client.connection)
    elif state is State.ENDED:
        client.connection.closed()
    assert client.connection.state is state
    bench.broker.calls.clear()
    return bench, client


def test_every_request_has_a_row() -> None:
    assert set(ROWS) == {type(request) for request in REQUESTS}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
@pytest.mark.parametrize("state", State)
def test_what_a_request_leads_to_in_each_state(state: State, request_: m.AnyRequest) -> None:
    bench, client = in_state(state)
    client.says(request_)
    said, asked = client.hears(), bench.broker.names()
    kind = type(request_)
    if state is State.ENDED:
        assert said == [] and asked == []
    elif kind is m.Ping:
        assert said == ["pongevent"]
    elif kind is m.Pong:
        assert said == [] and asked == []
    elif state is State.NEW and kind not in EARLY:
        assert said == [f"error {Code.NOT_WELCOME_YET}"] and asked == []
    elif state is State.WELCOME and kind is m.Quit:
        # Only when the broker has heard of it: by then the nick is free.
        assert said == []
        hold, quit, done = bench.broker.take("part").args
        assert hold == client.session.token and quit
        done()
        assert client.hears() == ["bye quit"] and client.outlet.closed
    elif state is State.NEW and kind is m.Quit:
        assert said == ["bye quit"] and client.outlet.closed
    elif state is State.WELCOME and kind is m.Hello:
        assert said == [f"error {Code.BAD_REQUEST}"] and asked == []
    elif state in (State.NEW, State.WELCOME):
        assert said == [] and len(asked) == 1
    else:  # It waits for the hello before it, or is not taken any more.
        assert said == [] and asked == []


def test_an_ended_session_keeps_nothing_of_what_was_asked_of_it() -> None:
    """A hello of 16 KiB takes up a hundred, and Python may find what is left of it only later."""
    bench = HubBench()
    client = Client(bench)
    huge = m.Hello(nick="ana", rooms=[f"{number}" for number in range(1000)])
    mine = sys.getrefcount(huge)
    client.says(m.Hello(nick="ana"), huge)
    assert sys.getrefcount(huge) > mine
    client.connection.closed()
    assert sys.getrefcount(huge) == mine


@pytest.mark.parametrize(
    ("end", "parts"),
    [
        (lambda session: session.closed(), [False]),
        (lambda session: session.end(Reason.QUIT), []),
        (lambda session: session.end(Reason.PROTOCOL), [False]),
        (lambda session: session.end(Reason.REPLACED), []),
        (lambda session: session.end(Reason.CUT_OFF, 1000), []),
    ],
)
def test_who_ends_lets_go_of_the_session_unless_it_is_elsewhere(
    end: Callable[[ClientConnection], None], parts: list[bool]
) -> None:
    bench = HubBench()
    client = bench.welcome()
    hold = client.session.token
    end(client.connection)
    assert [call.args for call in bench.broker.calls] == [(hold, quit) for quit in parts]
    assert not bench.registry.connections and not bench.registry.holders
    client.connection.end(Reason.IDLE)
    client.connection.closed()
    assert len(bench.broker.calls) == len(parts)


def test_a_line_that_is_no_request_is_answered_and_a_fatal_one_ends_the_connection() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.connection.refuse(
        WireError(Code.UNKNOWN_TYPE, "what?", type="dance", ref="r", room="tea")
    )
    error = client.error()
    assert (error.code, error.ref, error.room) == (Code.UNKNOWN_TYPE, "r", "tea")
    client.connection.refuse(WireError(Code.LINE_TOO_LONG, "long", fatal=True))
    assert client.hears() == ["error line-too-long", "bye protocol"]
    client.connection.refuse(WireError(Code.BAD_REQUEST, "late"))
    assert client.hears() == []


def test_before_welcome_unknown_types_too_come_too_early() -> None:
    client = Client(HubBench())
    for type in ("dance", "send"):
        client.connection.refuse(WireError(Code.UNKNOWN_TYPE, "what?", type=type))
    client.connection.refuse(WireError(Code.BAD_REQUEST, "wrong", type="hello"))
    assert client.hears() == ["error not-welcome-yet"] * 2 + ["error bad-request"]
