"""A chat that is connected to a scripted node."""

from collections.abc import AsyncIterator

import pytest

from client import Chat, connect
from tests.support.scripted import FakeTime, Peer, ScriptedNode, scripted_node


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def chat(node: ScriptedNode, time: FakeTime) -> AsyncIterator[Chat]:
    """A chat that is connected; ``peer`` is the node's end of it."""
    chat = connect(node.address, nick="ana", runtime=time.runtime(), key="k" * 32)
    chat.start()
    yield chat
    await chat.close()


@pytest.fixture
async def peer(chat: Chat, node: ScriptedNode) -> Peer:
    """The node's end of the chat."""
    peer = await node.peer()
    await peer.greet()
    await chat.ready()
    return peer
