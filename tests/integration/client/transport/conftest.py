"""A chat that knows two scripted nodes."""

from collections.abc import AsyncIterator

import pytest

from client import Chat, connect
from tests.integration.client.transport.ends import Nodes
from tests.support.scripted import FakeTime, Peer, scripted_node


@pytest.fixture
async def nodes() -> AsyncIterator[Nodes]:
    """Two nodes."""
    async with scripted_node() as first, scripted_node() as second:
        yield first, second


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def chat(nodes: Nodes, time: FakeTime) -> AsyncIterator[Chat]:
    """A chat that knows both nodes, and is about to connect."""
    addresses = [node.address for node in nodes]
    chat = connect(addresses, nick="ana", key="k" * 32, runtime=time.runtime())
    chat.start()
    yield chat
    await chat.close()


@pytest.fixture
async def peer(chat: Chat, nodes: Nodes) -> Peer:
    """The first node's end of the chat."""
    peer = await nodes[0].peer()
    await peer.greet()
    await chat.ready()
    return peer
