"""The handover to another node, without an interruption."""

import asyncio
import contextlib

import pytest

from client import Chat, Ended, connect
from client.protocol.events import Disconnected
from client.transport.active_link import STEADY_AFTER
from client.transport.handover import ANSWERED_WITHIN, NEXT_WELCOME_WITHIN, PAUSES
from tests.integration.client.transport.ends import Nodes
from tests.support.scripted import FakeTime, Peer, joined, message, refused, scripted_node, welcome
from wire import messages as m

MOVE = m.Move(within_ms=4000)


async def shown_until(chat: Chat, text: str) -> list[m.AnyEvent | Disconnected]:
    """Return what the reader of a chat gets, up to a message."""
    found = []
    async for event in chat:
        found.append(event)
        if isinstance(event, m.Message) and event.text == text:
            return found
    raise AssertionError


def told(events: list[m.AnyEvent | Disconnected]) -> list[str]:
    """Return the texts of messages, and the names of other events."""
    return [e.text if isinstance(e, m.Message) else type(e).__name__ for e in events]


async def test_the_session_moves_before_the_first_connection_ends(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    hello = await other.expect(m.Hello)
    assert hello.key == "k" * 32 and hello.positions == {"general": "general-0"}
    peer.say(message("still here", "p1"))
    chat.post(m.Send(room="general", text="said here"))
    assert (await peer.expect(m.Send)).text == "said here"
    other.say(welcome(resumed=True, node="node-2"), joined("general", "general-0"))
    assert await peer.get() is None
    assert (await other.expect(m.Send)).text == "said here"  # unacknowledged: under the same id
    other.say(message("still here", "p1"), message("news", "p2"))
    events = await shown_until(chat, "news")
    assert told(events) == ["Welcome", "Joined", "still here", "Welcome", "Joined", "news"]
    assert chat.is_connected and chat.node == "node-2"
    assert chat.positions == {"general": "p2"}


async def test_a_position_does_not_go_back_to_that_of_the_hello(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    peer.say(message("one", "p1"), message("two", "p2"))
    await shown_until(chat, "two")
    other.say(welcome(resumed=True), joined("general", "general-0"))
    async for event in chat:
        if isinstance(event, m.Joined):
            break
    assert chat.positions == {"general": "p2"}


async def test_replaced_before_the_welcome_of_the_next_node_is_no_end(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    peer.say(m.Bye(reason="replaced"))
    assert await peer.get() is None
    chat.post(m.Send(room="general", text="said between"))
    other.say(welcome(resumed=True), joined("general", "general-0"))
    assert (await other.expect(m.Send)).text == "said between"
    other.say(message("news", "p1"))
    assert "Disconnected" not in told(await shown_until(chat, "news"))


async def test_a_node_that_is_gone_before_the_other_says_welcome_is_no_interruption(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    peer.hang_up()
    other.say(welcome(resumed=True), joined("general", "general-0"), message("news", "p1"))
    assert "Disconnected" not in told(await shown_until(chat, "news"))


async def test_a_request_during_the_second_hello_is_made_once_at_the_next_node(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    creating = chat.ask(m.Create(room="lab"))
    other.say(welcome(resumed=True), joined("general", "general-0"))
    assert await peer.get() is None
    create = await other.expect(m.Create)
    other.say(joined("lab", "lab-1", ref=create.ref, created=True))
    assert isinstance(await creating, m.Joined)


async def test_the_session_is_not_taken_while_an_answer_is_under_way(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    creating = chat.ask(m.Create(room="lab"))
    create = await peer.expect(m.Create)
    peer.say(MOVE)
    other = await nodes[1].peer()
    await time.until_timer(ANSWERED_WITHIN, ANSWERED_WITHIN)
    peer.say(joined("lab", "lab-1", ref=create.ref, created=True))
    hello = await other.expect(m.Hello)
    assert hello.rooms == ["general", "lab"]
    assert isinstance(await creating, m.Joined)


async def test_an_answer_that_does_not_come_is_waited_for_a_while_only(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    chat.ask(m.ListRooms())
    await peer.expect(m.ListRooms)
    peer.say(MOVE)
    other = await nodes[1].peer()
    await time.until_timer(ANSWERED_WITHIN, ANSWERED_WITHIN)
    time.advance(ANSWERED_WITHIN)
    await other.greet(resumed=True)
    await other.expect(m.ListRooms)


@pytest.mark.parametrize(
    "answer",
    [
        refused("unavailable", ref="hello", after=500),
        refused("bad-token", ref="hello"),
        m.Bye(reason="draining", retry_after_ms=100),
        m.Bye(reason="replaced"),
    ],
)
async def test_without_a_welcome_the_session_stays(
    peer: Peer, nodes: Nodes, chat: Chat, answer: m.Event
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    listing = chat.ask(m.ListRooms())
    other.say(answer)
    assert await other.get() is None
    asked = await peer.expect(m.ListRooms)
    peer.say(m.Rooms(ref=asked.ref, rooms=[], more=False))
    await listing
    assert chat.is_connected


async def test_a_node_that_does_not_welcome_us_in_time_is_given_up(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.say(MOVE)
    silent = await nodes[1].peer()
    await silent.expect(m.Hello)
    await time.until_timer(NEXT_WELCOME_WITHIN, NEXT_WELCOME_WITHIN)
    time.advance(NEXT_WELCOME_WITHIN)
    assert await silent.get() is None
    await time.until_timer(0.2, 0.2)
    time.advance(0.2)
    await (await nodes[0].peer()).greet(resumed=True)  # perhaps a front leads elsewhere by now
    assert await peer.get() is None
    assert chat.is_connected


async def test_without_another_node_the_client_stays_until_bye_and_reconnects(
    time: FakeTime, nodes: Nodes
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        gone = [await stack.enter_async_context(scripted_node()) for _ in range(PAUSES + 1)]
    addresses = [nodes[0].address, *[each.address for each in gone]]
    chat = connect(addresses, nick="ana", key="k" * 32, runtime=time.runtime())
    chat.start()
    peer = await nodes[0].peer()
    await peer.greet()
    await chat.ready()
    peer.say(m.Move(within_ms=100))
    for _ in range(PAUSES):
        await time.until_timer(0.025, 0.025)  # it would be longer, if there were more time
        time.advance(0.025)
    peer.say(m.Bye(reason="draining", retry_after_ms=5000))
    assert await peer.get() is None
    await time.until_timer(5.0, 5.0)
    time.advance(5.0)
    await (await nodes[0].peer()).greet(resumed=True)
    await chat.close()


async def test_a_client_replaced_after_a_handover_does_not_reconnect(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.greet(resumed=True)
    other.say(m.Bye(reason="replaced"))
    with pytest.raises(Ended):
        async for _ in chat:
            pass


async def test_repeated_moves_are_followed_only_with_pauses(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.greet(resumed=True)
    other.say(MOVE)
    await time.until_timer(0.2, 0.2)
    time.advance(0.2)
    again = await nodes[0].peer()
    await again.greet(resumed=True)
    assert await other.get() is None


async def test_after_many_moves_in_a_row_a_pause_leaves_time_for_the_next_node(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    """As at a rolling restart: the backoff would be longer than a node drains."""
    move = m.Move(within_ms=1000)
    peer.say(move)
    for count in range(1, 7):
        following = await nodes[count % 2].peer()
        await following.greet(resumed=True)
        following.say(move)
        await time.until_timer(0.2, 0.25)
        time.advance(0.25)


async def test_a_notice_right_behind_the_welcome_is_heard(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    time.advance(STEADY_AFTER)
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    other.say(welcome(resumed=True), joined("general", "general-0"), MOVE)
    await time.until_timer(0.2, 0.2)
    time.advance(0.2)
    await (await nodes[0].peer()).greet(resumed=True)


async def test_a_chat_closed_during_a_handover_quits_at_the_next_node(
    time: FakeTime, nodes: Nodes
) -> None:
    addresses = [node.address for node in nodes]
    chat = connect(addresses, nick="ana", runtime=time.runtime())
    chat.start()
    peer = await nodes[0].peer()
    await peer.greet()
    await chat.ready()
    peer.say(MOVE)
    other = await nodes[1].peer()
    await other.expect(m.Hello)
    closing = asyncio.create_task(chat.close())
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="replaced"))
    other.say(welcome(resumed=True))
    await other.expect(m.Quit)
    other.say(m.Bye(reason="quit"))
    await closing
