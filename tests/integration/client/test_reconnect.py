"""How a connection is kept: which address, when, for how long, and when not any more."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from client import Chat, Ended, RequestRefused, Unreachable, connect
from client.protocol.events import Disconnected
from client.transport.active_link import STEADY_AFTER
from client.transport.addresses import FIRST_PAUSE
from client.transport.connector import OPEN_WITHIN
from client.transport.keepalive import PING_WHEN_IDLE, PING_WHEN_OWED, WELCOME_WITHIN
from client.transport.runtime import open_link
from client.transport.stream import LineTransport
from tests.support.scripted import (
    FakeTime,
    Peer,
    ScriptedNode,
    message,
    refused,
    scripted_node,
    welcome,
)
from wire import limits
from wire import messages as m


@pytest.fixture
async def nodes() -> AsyncIterator[tuple[ScriptedNode, ScriptedNode]]:
    """Two nodes."""
    async with scripted_node() as first, scripted_node() as second:
        yield first, second


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def chat(nodes: tuple[ScriptedNode, ScriptedNode], time: FakeTime) -> AsyncIterator[Chat]:
    """A chat that knows both nodes, and is about to connect."""
    addresses = [node.address for node in nodes]
    chat = connect(addresses, nick="ana", key="k" * 32, runtime=time.runtime())
    chat.start()
    yield chat
    await chat.close()


@pytest.fixture
async def peer(chat: Chat, nodes: tuple[ScriptedNode, ScriptedNode]) -> Peer:
    """The first node's end of the chat."""
    peer = await nodes[0].peer()
    await peer.greet()
    await chat.ready()
    return peer


Nodes = tuple[ScriptedNode, ScriptedNode]


async def why_away(chat: Chat) -> str:
    """Return the reason that the chat tells for being away."""
    async for event in chat:
        if isinstance(event, Disconnected):
            return event.why
    raise AssertionError


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
    assert "no answer in time" in await why_away(chat)
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


async def test_a_session_replaced_elsewhere_does_not_come_back(peer: Peer, chat: Chat) -> None:
    peer.say(m.Bye(reason="replaced"))
    with pytest.raises(Ended) as raised:
        async for _ in chat:
            pass
    assert raised.value.reason == "replaced"


async def test_who_was_kicked_is_told_why_and_does_not_come_back(peer: Peer, chat: Chat) -> None:
    peer.say(m.Bye(reason="kicked", text="be nice"))
    with pytest.raises(Ended, match="a moderator removed the session.*be nice") as raised:
        async for _ in chat:
            pass
    assert raised.value.reason == "kicked"


async def test_a_hello_without_broker_is_said_again_to_the_next_node(
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


async def test_a_node_that_does_not_welcome_is_given_up(
    chat: Chat, nodes: Nodes, time: FakeTime
) -> None:
    silent = await nodes[0].peer()
    await silent.expect(m.Hello)
    time.advance(WELCOME_WITHIN)
    await (await nodes[1].peer()).greet()
    await chat.ready()


@pytest.mark.parametrize(
    "noise", [b"220 mail.example.org ESMTP\r\n", b"\xff\xfe\n", b"[]\n", b"x" * (2 << 20)]
)
async def test_what_does_not_speak_the_protocol_is_left(
    chat: Chat, nodes: Nodes, noise: bytes
) -> None:
    stranger = await nodes[0].peer()
    stranger.say_bytes(noise)
    await (await nodes[1].peer()).greet()
    await chat.ready()
    assert "does not speak the protocol" in await why_away(chat)


async def test_nothing_is_read_behind_a_goodbye(
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


async def test_a_room_that_is_not_healed_yet_is_come_back_for(
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


class TestTLS:
    """Encrypted, and to the right node."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> tuple[Path, Path]:
        """A certificate for localhost that nobody but its file vouches for, and its key."""
        if shutil.which("openssl") is None:
            pytest.skip("there is no openssl to make a certificate with")
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-days", "2", "-keyout", str(key), "-out", str(cert)]
        subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
        return cert, key

    @pytest.fixture
    async def node(self, certificate: tuple[Path, Path]) -> AsyncIterator[ScriptedNode]:
        """A node that speaks TLS only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        node = ScriptedNode()
        server = await asyncio.start_server(node.arrive, "127.0.0.1", 0, ssl=context)
        node.address = "localhost:%d" % server.sockets[0].getsockname()[1]
        yield node
        server.close()
        await node.close()

    async def test_a_certificate_one_trusts_is_taken(
        self, node: ScriptedNode, certificate: tuple[Path, Path], time: FakeTime
    ) -> None:
        context = ssl.create_default_context(cafile=str(certificate[0]))
        runtime = time.runtime()
        chat = connect(node.address, nick="ana", tls=context, runtime=runtime, key="k" * 32)
        chat.start()
        peer = await node.peer()
        await peer.greet()
        await chat.ready()
        assert chat.is_connected
        await chat.close()

    async def test_a_certificate_nobody_vouches_for_is_refused_at_once(
        self, node: ScriptedNode
    ) -> None:
        with pytest.raises(Unreachable, match="certificate"):
            async with connect(node.address, nick="ana", tls=True):
                pytest.fail("entered")
