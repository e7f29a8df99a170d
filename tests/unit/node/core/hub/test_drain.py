"""When the clients of a node that drains hear of it."""

import pytest

from node.core.hub.drain import MOST_NOTICE, Turn, turns
from node.core.session.connection import ClientConnection
from node.core.session.states import State
from tests.unit.node.core.fakes import Client, HubBench
from wire import messages as m


def sessions(count: int) -> list[ClientConnection]:
    """Return connections."""
    bench = HubBench()
    return [Client(bench).connection for _ in range(count)]


@pytest.mark.parametrize("seconds", [1.0, 5.0, 60.0])
@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_everybody_is_asked_to_move_once_and_told_goodbye_as_long_after_as_was_said(
    count: int, seconds: float
) -> None:
    those = sessions(count)
    found = list(turns(those, seconds))
    asked = {turn.connection: turn for turn in found if turn.within is not None}
    told = {turn.connection: turn for turn in found if turn.within is None}
    assert list(asked) == list(told) == those and len(found) == 2 * count
    for session in those:
        assert told[session].at == asked[session].at + (asked[session].within or 0.0)
    assert [turn.at for turn in found] == sorted(turn.at for turn in found)


@pytest.mark.parametrize("seconds", [1.0, 5.0, 60.0])
def test_all_is_said_within_the_time_and_spread_over_it(seconds: float) -> None:
    times = [turn.at for turn in turns(sessions(100), seconds) if turn.within is None]
    assert max(times) < seconds and times[0] == min(MOST_NOTICE, seconds / 2)
    steps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert max(steps) < seconds / 90


def test_a_node_that_drains_at_once_says_only_goodbye() -> None:
    [session] = those = sessions(1)
    assert list(turns(those, 0.0)) == [Turn(0.0, session, None)]


def test_nobody_is_told_anything_where_nobody_is() -> None:
    assert list(turns([], 5.0)) == []


def test_who_holds_a_session_that_others_can_continue_is_asked_to_move() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.hub.ask_to_move(client.connection, 2.5)
    assert client.events() == [m.Move(within_ms=2500)]
    assert client.connection.state is State.WELCOME


def test_who_could_not_continue_elsewhere_is_not_asked_to_move() -> None:
    bench = HubBench()
    keyless, stranger = bench.welcome(key=None), Client(bench)
    for client in (keyless, stranger):
        bench.hub.ask_to_move(client.connection, 2.5)
        assert client.events() == []
