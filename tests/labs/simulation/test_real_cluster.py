"""The simulation's cluster answers as a real one does."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hiredis import Reader, pack_command
from redis.exceptions import ResponseError

from tests.labs.simulation import cluster as maps
from tests.labs.simulation.cluster import slot_of_tag
from tests.labs.simulation.test_cluster import Bench
from tests.support.redis_server import RedisServer

TEA, INK, GENERAL = (b"chat:{r:%b}:live" % name for name in (b"tea", b"ink", b"general"))
SLOT = slot_of_tag(b"r:tea")
STEPS: tuple[tuple[str, int, tuple[bytes, ...]], ...] = (
    ("run", 2, (TEA,)),
    ("run", 0, (TEA,)),
    ("ssubscribe", 2, (TEA,)),
    ("ssubscribe", 2, (TEA, INK)),
    ("ssubscribe", 2, (GENERAL,)),
    ("sunsubscribe", 2, (GENERAL,)),
    ("sunsubscribe", 2, (TEA, INK)),
    ("begin", 2, ()),
    ("run", 2, (TEA,)),
    ("run", 1, (TEA,)),
    ("end", 2, ()),
    ("sunsubscribe", 2, (TEA,)),
    ("run", 2, (TEA,)),
    ("run", 1, (TEA,)),
)


async def test_a_real_cluster_answers_alike(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        real = await _Real.started(tmp_path, stack)
        ours = _Ours()
        stack.callback(ours.bench.world.loop.close)
        for step in STEPS:
            name, *args = step
            theirs = await getattr(real, name)(*args)
            assert (step, getattr(ours, name)(*args)) == (step, theirs)


def _plain(reply: Any) -> Any:
    """Return a reply; all that say "not now" are the same."""
    is_passing = isinstance(reply, str) and reply.startswith(("ASK", "TRYAGAIN"))
    return "not now" if is_passing else reply


class _Ours:
    """The simulation's cluster."""

    def __init__(self) -> None:
        self.bench = Bench()

    def run(self, number: int, keys: tuple[bytes, ...]) -> Any:
        return _plain(self.bench.run(number, b"GET", *keys, keys=keys))

    def ssubscribe(self, number: int, channels: tuple[bytes, ...]) -> Any:
        server, node = self.bench.servers[number], self.bench.nodes[number]
        server.subscribe(node, channels)
        return node.heard.pop()

    def sunsubscribe(self, number: int, channels: tuple[bytes, ...]) -> Any:
        server, node = self.bench.servers[number], self.bench.nodes[number]
        server.unsubscribe(node, channels)
        return node.heard.pop()

    def begin(self, _number: int, _keys: tuple[bytes, ...]) -> None:
        self.bench.cluster.begin(SLOT, 1)

    def end(self, number: int, _keys: tuple[bytes, ...]) -> Any:
        self.bench.world.outages._move(SLOT, 1)
        return self.bench.nodes[number].heard.pop()


class _Connection:
    """A connection to a real server; errors are texts, with the addresses of the simulation."""

    def __init__(self, streams: Any, names: dict[str, str]) -> None:
        self._reader, self._writer = streams
        self._names = names
        self._replies = Reader(replyError=ResponseError)

    async def ask(self, *command: Any) -> Any:
        """Send a command, and return the reply."""
        self._writer.write(pack_command(command))
        return await self.hear()

    async def hear(self) -> Any:
        """Return what the server sends."""
        while (found := self._replies.gets()) is False:
            async with asyncio.timeout(5):
                self._replies.feed(await self._reader.read(9999))
        if not isinstance(found, Exception):
            return found
        *words, last = str(found).split(" ")
        return " ".join((*words, self._names.get(last, last)))


class _Real:
    """Three masters, with the map that the simulation begins with."""

    def __init__(self, calls: list[_Connection], channels: list[_Connection]) -> None:
        self._calls = calls
        self._channels = channels

    @classmethod
    async def started(cls, directory: Path, stack: AsyncExitStack) -> "_Real":
        """Start them."""
        ports = []
        for number in range(3):
            (directory / str(number)).mkdir()
            server = RedisServer(directory / str(number), cluster_enabled="yes")
            await server.start()
            stack.push_async_callback(server.kill)
            ports.append(server.port)
        names = {f"127.0.0.1:{port}": f"server:{number}" for number, port in enumerate(ports)}
        both: list[list[_Connection]] = [[], []]
        for port in ports:
            for connections in both:
                streams = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(streams[1].close)
                connections.append(_Connection(streams, names))
        made = cls(*both)
        await made._meet(ports)
        return made

    async def _meet(self, ports: list[int]) -> None:
        for row in maps.first(3):
            await self._calls[row.owner].ask("CLUSTER", "ADDSLOTSRANGE", row.start, row.end)
        for port in ports[1:]:
            await self._calls[0].ask("CLUSTER", "MEET", "127.0.0.1", port)
        async with asyncio.timeout(20):
            for call in self._calls:
                while b"cluster_state:ok" not in await call.ask("CLUSTER", "INFO"):
                    await asyncio.sleep(0.05)

    async def run(self, number: int, keys: tuple[bytes, ...]) -> Any:
        source = "return redis.call('GET', KEYS[1])"
        return _plain(await self._calls[number].ask("EVAL", source, len(keys), *keys))

    async def ssubscribe(self, number: int, channels: tuple[bytes, ...]) -> Any:
        return await self._channels[number].ask("SSUBSCRIBE", *channels)

    async def sunsubscribe(self, number: int, channels: tuple[bytes, ...]) -> Any:
        return await self._channels[number].ask("SUNSUBSCRIBE", *channels)

    async def begin(self, number: int, _keys: tuple[bytes, ...]) -> None:
        source, target = self._calls[number], self._calls[1]
        for other, how, one in (source, "IMPORTING", target), (target, "MIGRATING", source):
            name = await other.ask("CLUSTER", "MYID")
            assert await one.ask("CLUSTER", "SETSLOT", SLOT, how, name) == b"OK"

    async def end(self, number: int, _keys: tuple[bytes, ...]) -> Any:
        name = await self._calls[1].ask("CLUSTER", "MYID")
        for one in (self._calls[1], self._calls[number]):
            assert await one.ask("CLUSTER", "SETSLOT", SLOT, "NODE", name) == b"OK"
        return await self._channels[number].hear()
