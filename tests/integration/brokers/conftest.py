"""The contract holds on fakeredis and on a real Redis, also when every reply is lost once.

And whatever a test does on a real one, no script touches a key that it may not (``slots``).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from node.brokers import connect
from tests.integration.brokers.bench import Losses, Node, Place
from tests.support import slots
from tests.support.redis_server import RedisServer


@pytest_asyncio.fixture(params=["memory", "redis", "redis-lossy"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A Redis, embedded or real."""
    losses = Losses(request.param == "redis-lossy")
    if request.param == "memory":
        async with Place(connect.memory(), losses) as place:
            yield place
        return
    server = RedisServer(tmp_path)
    await server.start()
    try:
        async with slots.watching(server.port) as runs:
            async with Place(connect.redis(server.url), losses) as place:
                yield place
        assert slots.all_faults(runs) == []
    finally:
        await server.kill()


@pytest_asyncio.fixture
async def node(place: Place) -> Node:
    """A node whose broker runs."""
    return await place.node()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A real Redis that a test may kill."""
    server = RedisServer(tmp_path)
    await server.start()
    yield server
    await server.kill()
