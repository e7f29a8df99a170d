"""Which node a client connects to next, and when."""

import asyncio
import ssl
from collections.abc import Callable

import pytest

from client import Chat, Ended, RequestRefused, connect
from client.transport.active_link import STEADY_AFTER
from client.transport.addresses import FIRST_PAUSE
from client.transport.connector import OPEN_WITHIN
from client.transport.runtime import open_link
from client.transport.stream import LineTransport
from tests.integration.client.transport.ends import Nodes, why_away
from tests.support.scripted import FakeTime, Peer, message, refused, scripted_node, welcome
from wire import messages as m


async def test_a_node_that_dies_is_replaced_by_the_next_one_at_once(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.hang_up()
    again = await nodes[1].peer()  # without any time passing
    await again.greet(resumed=True, node="node-2")
    assert nodes[0].address in await why_away(chat)


async def test_a_node_that_is_not_there_is_passed_over(time: FakeTime) -> None:
    async with scripted_node() as gone:
        nowhere = gone.address
    async with scripted_node() as node:
        chat = connect([nowhere, node.address], nick="ana", runtime=time.runtime())
        chat.start()
        peer = await node.peer()
        await peer.greet()
        await chat.ready()
        assert nowhere in await why_away(chat)
        closing = asyncio.create_task(chat.close())
        await peer.expect(m.Quit)
        peer.say(m.Bye(reason="quit"))
        await closing


async def test_a_node_that_is_deaf_to_connecting_costs_a_bounded_time(
    time: FakeTime, nodes: Nodes
) -> None:
    asked: list[str] = []

    async def open(
        make: Callable[[], LineTransport], host: str, port: int, tls: ssl.SSLContext | None
    ) -> LineTransport:
        asked.append(host)
        if host == "deaf":
            await asyncio.get_running_loop().create_future()
        return await open_link(make, host, port, tls)

    addresses = ["deaf:1", nodes[0].address]
    runtime = time.runtime(open)
    chat = connect(addresses, nick="ana", runtime=runtime, key="k" * 32)
    chat.start()
    await time.until_timer(OPEN_WITHIN, OPEN_WITHIN)
    time.advance(OPEN_WITHIN)
    await (await nodes[0].peer()).greet()
    await chat.ready()
    assert asked == ["deaf", "127.0.0.1"]
    assert "does not answer" in await why_away(chat)
    await chat.close()


async def test_a_draining_node_is_left_for_the_time_it_says(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.say(m.Bye(reason="draining", retry_after_ms=1200))
    assert await peer.get() is None
    await time.until_timer(1.2, 1.2)
    time.advance(1.2)
    hello = await (await nodes[1].peer()).greet(resumed=True)
    assert hello.key == "k" * 32


async def test_a_replaced_session_does_not_reconnect(peer: Peer, chat: Chat) -> None:
    peer.say(m.Bye(reason="replaced"))
    with pytest.raises(Ended) as raised:
        async for _ in chat:
            pass
    assert raised.value.reason == "replaced"


async def test_a_client_that_was_never_let_in_is_not_told_that_a_session_was_removed(
    chat: Chat, nodes: Nodes
) -> None:
    peer = await nodes[0].peer()
    await peer.expect(m.Hello)
    peer.say(m.Bye(reason="kicked"))
    with pytest.raises(Ended, match="keeps this nick or address out"):
        await chat.ready()


async def test_a_kicked_client_gets_the_reason_and_does_not_reconnect(
    peer: Peer, chat: Chat
) -> None:
    peer.say(m.Bye(reason="kicked", text="be nice"))
    with pytest.raises(Ended, match="a moderator removed the session.*be nice") as raised:
        async for _ in chat:
            pass
    assert raised.value.reason == "kicked"


async def test_a_hello_refused_as_unavailable_goes_to_the_next_node(
    chat: Chat, nodes: Nodes, time: FakeTime
) -> None:
    first = await nodes[0].peer()
    hello = await first.expect(m.Hello)
    first.say(refused("unavailable", ref="hello", after=500))
    await time.until_timer(0.5, 0.5)
    time.advance(0.5)
    again = await (await nodes[1].peer()).greet()
    await chat.ready()
    assert again.key == hello.key and (again.attempt or 0) > (hello.attempt or 0)


async def test_pauses_grow_while_no_node_is_there(time: FakeTime) -> None:
    async with scripted_node() as gone:
        nowhere = gone.address
    runtime = time.runtime()
    chat = connect(nowhere, nick="ana", patience=None, runtime=runtime)
    chat.start()
    for turn in range(1, 5):
        pause = FIRST_PAUSE * 2**turn
        await time.until_timer(pause, pause)
        time.advance(pause)
    await chat.close()


async def test_a_node_that_welcomes_and_hangs_up_is_not_asked_without_pause(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.hang_up()
    again = await nodes[1].peer()
    await again.greet(resumed=True)
    again.hang_up()
    await time.until_timer(2 * FIRST_PAUSE, 2 * FIRST_PAUSE)


async def test_a_connection_that_lasted_makes_good_for_earlier_failures(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.hang_up()
    again = await nodes[1].peer()
    await again.greet(resumed=True)
    async for event in chat:
        if isinstance(event, m.Welcome) and event.resumed:
            break
    time.advance(STEADY_AFTER)
    again.hang_up()
    await (await nodes[0].peer()).greet(resumed=True)  # without any time passing


@pytest.mark.parametrize(
    "noise", [b"220 mail.example.org ESMTP\r\n", b"\xff\xfe\n", b"[]\n", b"x" * (2 << 20)]
)
async def test_a_peer_that_does_not_speak_the_protocol_is_left(
    chat: Chat, nodes: Nodes, noise: bytes
) -> None:
    stranger = await nodes[0].peer()
    stranger.say_bytes(noise)
    await (await nodes[1].peer()).greet()
    await chat.ready()
    assert "does not speak the protocol" in await why_away(chat)


async def test_a_port_that_speaks_http_is_said_to_be_no_chat_port(chat: Chat, nodes: Nodes) -> None:
    stranger = await nodes[0].peer()
    stranger.say_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await (await nodes[1].peer()).greet()
    await chat.ready()
    told = f"this is no chat port: it speaks HTTP, as the web port does ({nodes[0].address})"
    assert await why_away(chat) == told


async def test_a_port_that_closes_without_an_answer_is_said_to_be_perhaps_no_chat_port(
    chat: Chat, nodes: Nodes
) -> None:
    (await nodes[0].peer()).hang_up()
    (await nodes[0].peer()).hang_up()  # the client has tried whether it speaks TLS
    await (await nodes[1].peer()).greet()
    await chat.ready()
    assert "without an answer: perhaps this is no chat port" in await why_away(chat)


async def test_nothing_is_read_after_a_bye(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.say(m.Bye(reason="draining", retry_after_ms=0), message("late"))
    hello = await (await nodes[1].peer()).greet(resumed=True)
    assert hello.positions == {"general": "general-0"}


async def test_a_nick_lost_while_away_ends_the_chat_unless_another_is_known(
    peer: Peer, nodes: Nodes, chat: Chat
) -> None:
    peer.hang_up()
    again = await nodes[1].peer()
    await again.expect(m.Hello)
    again.say(refused("nick-taken", ref="hello"))
    with pytest.raises(RequestRefused) as raised:
        async for _ in chat:
            pass
    assert raised.value.code == "nick-taken"


async def test_a_client_reconnects_for_a_room_that_is_not_healed_yet(
    peer: Peer, nodes: Nodes, chat: Chat, time: FakeTime
) -> None:
    peer.hang_up()
    again = await nodes[1].peer()
    await again.expect(m.Hello)
    again.say(welcome(resumed=True), refused("unavailable", ref="hello", room="general", after=900))
    assert await again.get() is None
    await time.until_timer(0.9, 0.9)
    time.advance(0.9)
    hello = await (await nodes[0].peer()).greet(resumed=True)
    assert hello.positions == {"general": "general-0"}
