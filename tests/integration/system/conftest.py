"""Systems that many tests share, because a process takes half a second to start."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.lab import Lab
from tests.support.node_process import Address, NodeProcess
from tests.support.redis_server import RedisServer


@dataclass(frozen=True)
class System:
    """Nodes that run for as long as the tests do; ``redis`` is None with the embedded broker."""

    nodes: list[Address]
    processes: list[NodeProcess]
    redis: RedisServer | None = None

    @property
    def node(self) -> Address:
        """The first node."""
        return self.nodes[0]

    @property
    def other(self) -> Address:
        """The second node."""
        return self.nodes[1]


@contextmanager
def outside_of_tests() -> Iterator[asyncio.AbstractEventLoop]:
    """Lend a loop for what outlives the loops of the tests."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


def _shared(lab: Lab, start: Coroutine[Any, Any, System]) -> Iterator[System]:
    with outside_of_tests() as loop:
        try:
            yield loop.run_until_complete(start)
        finally:
            loop.run_until_complete(lab.__aexit__())


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two node processes over a real Redis; no rate limit, everything else as by default."""
    lab = Lab(tmp_path_factory.mktemp("pair"))

    async def start() -> System:
        redis = await lab.redis()
        processes = [await lab.node(redis, "--rate", "0", "--name", name) for name in "ab"]
        return System([process.address for process in processes], processes, redis)

    yield from _shared(lab, start())


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two nodes in one process: 10 entries kept, notices to 2 members, a second of grace."""
    lab = Lab(tmp_path_factory.mktemp("small"))

    async def start() -> System:
        flags = ("--rate", "0", "--history", "10", "--notices", "2", "--grace", "1")
        process = await lab.node(None, "--nodes", "2", *flags)
        return System(process.addresses, [process])

    yield from _shared(lab, start())
