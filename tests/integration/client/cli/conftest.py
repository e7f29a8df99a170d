"""A scripted node."""

from collections.abc import AsyncIterator

import pytest

from tests.support.scripted import ScriptedNode, scripted_node


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node
