"""Everything that one test starts, and the end of it all."""

import contextlib
from itertools import count
from pathlib import Path
from typing import Any, Self

from tests.support.node_process import ROOT, Address, NodeProcess
from tests.support.redis_server import RedisServer
from tests.support.talker import Talker

_numbers = count(1)


def fresh(stem: str) -> str:
    """Return a name that no other test uses: nodes are shared by many tests."""
    return f"{stem}-{next(_numbers)}"


def key() -> str:
    """Return a session key that nobody else has."""
    return f"{'secret of a test':-<24}{next(_numbers)}"


class Lab:
    """Starts servers, nodes and talkers, and ends them when the test is over.

    What the nodes wrote to standard error is printed then: pytest shows it when the test failed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._nodes: list[NodeProcess] = []
        self._ends = contextlib.AsyncExitStack()

    async def redis(self, **options: str) -> RedisServer:
        """Start a Redis; see RedisServer for the options."""
        server = self.unstarted_redis(**options)
        await server.start()
        return server

    def unstarted_redis(self, **options: str) -> RedisServer:
        """Return a Redis that is to be started later."""
        directory = self.directory / fresh("redis")
        directory.mkdir()
        server = RedisServer(directory, **options)
        self._ends.push_async_callback(server.kill)
        return server

    async def node(
        self, redis: RedisServer | None, *flags: str, root: Path = ROOT, **variables: str
    ) -> NodeProcess:
        """Start a process of nodes: over ``redis``, or over the embedded broker.

        ``root`` is where its code is.
        """
        if redis is not None:
            flags = ("--redis-url", redis.url, *flags)
        node = NodeProcess(self.directory / fresh("node.log"), *flags, **variables)
        node.root = root
        self._nodes.append(node)
        self._ends.push_async_callback(node.kill)
        await node.start()
        return node

    async def connect(self, address: Address, **how: Any) -> Talker:
        """Connect a talker; see Talker.connect for ``how``."""
        return await self._ends.enter_async_context(await Talker.connect(address, **how))

    async def member(self, address: Address, nick: str, **fields: Any) -> Talker:
        """Connect a talker that has said hello and got its welcome."""
        talker = await self.connect(address)
        await talker.hello(nick, **fields)
        return talker

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()
        for node in self._nodes:
            print(f"--- {' '.join(node.flags)}\n{node.log}")
