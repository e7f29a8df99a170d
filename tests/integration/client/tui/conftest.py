"""A display whose chat is connected to a scripted node."""

from collections.abc import AsyncIterator

import pytest

from client import connect
from tests.integration.client.tui.display import Display, answer_new_buffer
from tests.support.scripted import FakeTime, Peer, ScriptedNode, scripted_node
from wire import messages as m


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


@pytest.fixture
async def screen(node: ScriptedNode, time: FakeTime) -> AsyncIterator[Display]:
    """A screen whose chat is about to connect, with two rooms to be in."""
    rooms = ["lab", "ops"]
    runtime = time.runtime()
    chat = connect(node.address, nick="ana", key="k" * 32, rooms=rooms, runtime=runtime)
    screen = Display(chat, time)
    chat.start()
    yield screen
    await chat.close()


@pytest.fixture
async def peer(screen: Display, node: ScriptedNode) -> Peer:
    """The node's end of it; what a buffer asks at first is answered, and has been shown."""
    peer = await node.peer()
    await peer.greet()
    await screen.chat.ready()
    for kind in (m.Welcome, m.Joined, m.Joined):
        await screen.show_until(kind)
    await answer_new_buffer(peer, screen)
    return peer
