"""Replies to a leave that come when the connection has ended, or the room has been closed."""

import pytest

from node.core.model import SessionState, Unavailable
from tests.unit.node.core.fakes import HubBench, at, entry, frame, membership
from tests.unit.node.core.hub.test_moderation import closed
from wire import messages as m


@pytest.mark.parametrize(
    ("why", "code"),
    [(Unavailable.INTERNAL, "internal"), (Unavailable.UNREACHABLE, "unavailable")],
)
def test_a_member_of_a_closed_room_that_could_not_leave_it_does_not_come_back(
    why: Unavailable, code: str
) -> None:
    bench = HubBench()
    client = bench.welcome("ana", ["general", "lobby"])
    client.says(m.Leave(room="lobby", ref="1"))
    room = bench.rooms["r:lobby"]
    bench.events.moderated([closed()])
    bench.broker.answer("leave", why)
    if why is Unavailable.UNREACHABLE:
        bench.broker.answer("standing", SessionState("ana", 17, [membership("general")]))
    room.receive(frame([entry(2)]))
    assert client.hears() == ["left ana", f"error {code}"]
    assert room.empty and list(client.session.rooms) == ["general"]


def test_a_reply_to_a_leave_that_comes_after_the_end_of_the_connection_is_not_shown() -> None:
    bench = HubBench()
    client = bench.welcome("ana", ["lobby"])
    client.says(m.Leave(room="lobby"))
    bench.events.frame(frame([entry(2), entry(3, "me", kind="l")]))
    client.connection.closed()
    client.outlet.closed = True
    bench.broker.answer("leave", (str(at(3, "me")), 17))
    assert client.hears() == [] and bench.rooms["r:lobby"].empty


@pytest.mark.parametrize("why", [Unavailable.INTERNAL, Unavailable.UNREACHABLE])
def test_a_leave_that_fails_after_the_end_of_the_connection_brings_nobody_back(
    why: Unavailable,
) -> None:
    bench = HubBench()
    client = bench.welcome("ana", ["lobby"])
    client.says(m.Leave(room="lobby"))
    bench.events.frame(frame([entry(2)]))
    client.connection.closed()
    client.outlet.closed = True
    bench.broker.answer("leave", why)
    assert client.hears() == [] and bench.rooms["r:lobby"].empty
