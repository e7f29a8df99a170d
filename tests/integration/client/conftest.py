"""What the client's tests share: no settings of the person who runs them, a node, a terminal."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.client.seen import Node, begin
from tests.support.own_settings import settings_path
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, scripted_node

__all__ = ["listener", "node", "screen", "settings_path"]


@pytest.fixture
async def listener() -> AsyncIterator[ScriptedNode]:
    """Where clients connect."""
    async with scripted_node() as listener:
        yield listener


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    """A terminal; the test starts the client in it."""
    screen = Screen()
    yield screen
    await screen.end()


@pytest.fixture
async def node(screen: Screen, listener: ScriptedNode) -> Node:
    """The node's end of a client that is ready for typing."""
    return await begin(screen, listener)
