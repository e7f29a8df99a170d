"""Systems that many tests share, because a process takes half a second to start."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.system.over import is_chosen
from tests.support.framed import SWITCH
from tests.support.lab import Lab
from tests.support.node_process import Address, NodeProcess
from tests.support.redis_server import RedisServer


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Called by pytest: run one test of each file over WebSocket too, or all alone."""
    alone = metafunc.config.getoption("--websocket")
    if is_chosen(metafunc.module, metafunc.function.__name__, alone):
        ways = ["websocket"] if alone else ["tcp", "websocket"]
        metafunc.parametrize("front", ways, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Called by pytest: leave out all that runs over TCP, if that is asked for."""
    if config.getoption("--websocket"):
        items[:] = [item for item in items if "websocket" in item.name]


@pytest.fixture(autouse=True)
def front(request: pytest.FixtureRequest) -> Iterator[None]:
    """How talkers connect: over TCP, or over WebSocket, and then at least one does so."""
    if getattr(request, "param", "tcp") == "tcp":
        yield
        return
    before = SWITCH.connections
    with SWITCH.on():
        yield
    assert SWITCH.connections > before, "this test says nothing about WebSocket: see over.py"


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


WEB = ("--web-port", "0")


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
        processes = [await lab.node(redis, *WEB, "--rate", "0", "--name", name) for name in "ab"]
        return System([process.address for process in processes], processes, redis)

    yield from _shared(lab, start())


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two nodes in one process: 10 entries kept, notices to 2 members, a second of grace."""
    lab = Lab(tmp_path_factory.mktemp("small"))

    async def start() -> System:
        flags = (*WEB, "--rate", "0", "--history", "10", "--notices", "2", "--grace", "1")
        process = await lab.node(None, "--nodes", "2", *flags)
        return System(process.addresses, [process])

    yield from _shared(lab, start())
