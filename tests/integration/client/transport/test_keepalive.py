"""When a silent node is pinged, and when it is given up."""

import asyncio

from client import Chat
from client.transport.first_answer import PING_WHEN_GREETING, SOONER
from client.transport.keepalive import PING_WHEN_IDLE, PING_WHEN_OWED, WELCOME_WITHIN
from tests.integration.client.transport.ends import Nodes, why_away
from tests.support.scripted import FakeTime, Peer
from wire import limits
from wire import messages as m


async def test_a_silent_node_is_pinged_and_one_that_answers_is_kept(
    peer: Peer, chat: Chat, time: FakeTime
) -> None:
    await time.until_timer(PING_WHEN_IDLE, PING_WHEN_IDLE)
    time.advance(PING_WHEN_IDLE)
    await peer.expect(m.Ping)
    peer.say(m.PongEvent())
    await time.until_timer(PING_WHEN_IDLE, PING_WHEN_IDLE)
    assert chat.is_connected


async def test_a_node_that_leaves_its_ping_unanswered_is_given_up(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    time.advance(PING_WHEN_IDLE)
    await peer.expect(m.Ping)
    time.advance(limits.PONG_WITHIN)
    await (await nodes[1].peer()).greet(resumed=True)
    assert "does not answer" in await why_away(chat)


async def test_a_node_that_leaves_a_message_unanswered_is_asked_soon(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    time.advance(PING_WHEN_IDLE - PING_WHEN_OWED - 1)
    sending = asyncio.create_task(chat.send("general", "hi"))
    await peer.expect(m.Send)
    time.advance(PING_WHEN_OWED)
    await peer.expect(m.Ping)
    time.advance(limits.PONG_WITHIN)
    again = await nodes[1].peer()
    await again.greet(resumed=True)
    await again.take()
    await sending


async def pinged(nodes: Nodes, time: FakeTime) -> Peer:
    """Return a node that left the hello unanswered, and was pinged for it."""
    silent = await nodes[0].peer()
    await silent.expect(m.Hello)
    time.advance(PING_WHEN_GREETING)
    await silent.expect(m.Ping)
    return silent


async def test_a_node_that_hangs_at_the_start_is_soon_left_for_the_next_one(
    chat: Chat, nodes: Nodes, time: FakeTime
) -> None:
    await pinged(nodes, time)
    assert not chat.is_greeting
    time.advance(WELCOME_WITHIN - SOONER - PING_WHEN_GREETING)
    await (await nodes[1].peer()).greet()
    await chat.ready()


async def test_a_node_that_does_not_welcome_is_given_up(
    chat: Chat, nodes: Nodes, time: FakeTime
) -> None:
    silent = await pinged(nodes, time)
    silent.say(m.PongEvent())
    await time.until_timer(WELCOME_WITHIN - PING_WHEN_GREETING, WELCOME_WITHIN)
    assert chat.is_greeting
    time.advance(WELCOME_WITHIN - PING_WHEN_GREETING)
    await (await nodes[1].peer()).greet()
    await chat.ready()
