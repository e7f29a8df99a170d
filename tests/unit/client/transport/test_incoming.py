"""How received events settle requests and reach their reader."""

import pytest

from client.protocol.errors import ChatError, Ended, RequestRefused
from client.protocol.events import Disconnected, Received
from client.protocol.greeting import Identity
from client.protocol.session import Session
from client.transport.event_queue import MOST_WAITING
from client.transport.incoming import Incoming
from tests.support.scripted import joined, message, refused, welcome
from wire import messages as m

PONG = m.PongEvent(ref="ask-1")


@pytest.fixture
def session() -> Session:
    """A session that has said hello for one room."""
    session = Session(Identity("k" * 32), nick="ana", rooms=["lab"])
    session.connected(0)
    return session


@pytest.fixture
def incoming(session: Session) -> Incoming:
    """What comes in for it."""
    return Incoming(session)


async def read(incoming: Incoming) -> list[Received]:
    """Return all that is queued; nothing more comes."""
    incoming.end(None)
    return [received async for received in incoming.queue.take()]


async def test_an_answer_settles_its_request_and_no_other(incoming: Incoming) -> None:
    first, second = incoming.expect("ask-1"), incoming.expect("ask-2")
    incoming.put(Received(PONG), True, "ask-1")
    assert first.result() is PONG and not second.done()
    incoming.put(Received(PONG), True, "ask-1")  # settled already


async def test_a_refusal_fails_its_request(incoming: Incoming) -> None:
    answer = incoming.expect("ask-1")
    incoming.put(Received(refused("no-such-room", ref="ask-1")), True, "ask-1")
    with pytest.raises(RequestRefused):
        answer.result()


async def test_an_answer_carries_what_its_asker_wants_done_in_the_order_of_events(
    incoming: Incoming,
) -> None:
    found: list[m.AnyEvent] = []
    incoming.expect("ask-1", found.append)
    incoming.put(Received(message("before")))
    incoming.put(Received(PONG), True, "ask-1")
    assert not found
    assert [received.then for received in await read(incoming)] == [None, found.append]


async def test_a_hidden_event_settles_its_request_and_is_not_queued(incoming: Incoming) -> None:
    answer = incoming.expect("ask-1")
    incoming.put(Received(PONG), False, "ask-1")
    assert answer.done() and not await read(incoming)


async def test_it_is_ready_once_the_session_is(incoming: Incoming, session: Session) -> None:
    incoming.start()
    for event in (welcome(), joined("lab")):
        session.take(event, 0.0)
        incoming.put(Received(event))
    await incoming.ready()


async def test_a_refused_room_fails_readiness_and_ends_the_attempt(incoming: Incoming) -> None:
    incoming.start()
    incoming.put(Received(refused("bad-room", ref="hello", room="lab")))
    with pytest.raises(RequestRefused):
        await incoming.ready()
    assert [received.is_end for received in await read(incoming)] == [True]


async def test_the_end_fails_unanswered_and_later_requests(incoming: Incoming) -> None:
    incoming.start()
    answer = incoming.expect("ask-1")
    incoming.end(Ended("replaced"))
    incoming.end(None)  # the first one counts
    with pytest.raises(Ended):
        answer.result()
    with pytest.raises(Ended):
        incoming.expect("ask-2").result()
    with pytest.raises(Ended):
        await incoming.ready()


async def test_without_a_failure_the_chat_is_closed(incoming: Incoming) -> None:
    incoming.end(None)
    with pytest.raises(ChatError, match="closed"):
        incoming.expect("ask-1").result()


async def test_a_reader_that_is_behind_stops_the_link_unless_an_answer_is_awaited(
    incoming: Incoming,
) -> None:
    reader = incoming.queue.take()
    incoming.put(Received(Disconnected("why")))
    await anext(reader)
    for number in range(MOST_WAITING):
        incoming.put(Received(message(str(number))))
    assert incoming.is_full and not incoming.has_room
    incoming.expect("ask-1")
    assert not incoming.is_full and incoming.has_room
