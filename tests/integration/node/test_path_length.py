"""The guard: a message takes no more calls through a node than it did.

Seconds differ from machine to machine; calls do not. What is counted is each call of a function of
ours, and each call that these make of one written in C, while fixed loads go through a whole node:
connection, session, pump, a real Redis, subscriber, room, write batch. Over WebSocket the calls of
the library that reads frames count too.

When this fails, the path got longer: the message says which functions are called how often. Make
it shorter again, or raise the figure in ``LOADS``, and say in the commit why it is worth it.
When the path got shorter, lower the figure, so that it stays so.
"""

import asyncio
import contextlib
import itertools
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest
import websockets

import node
import wire
from node.brokers import broker, connect
from node.config import settings
from node.net.connection import Connection
from node.net.dialect import NATIVE, Dialect
from node.net.peer import Peer
from node.net.web.frames import FrameReader
from node.protocols.websocket import WebSocketEncoder, goodbye
from node.server import Node
from tests.support.framed import frame
from tests.support.redis_server import RedisServer

WITHIN = 100.0
ROUNDS = 200
"""Most rounds until one is short enough: on a busy machine Redis answers in more pieces. No round
is shorter than the path."""
SLACK = 0.75
"""One more call for each message, or for each delivery, is too many. Versions of Python, and how
Redis cuts its answers, make less of a difference."""


UPKEEP = (broker._every.__qualname__, broker.RedisBroker._maintain.__qualname__)


class Load(NamedTuple):
    """All of the first ``senders`` of each room say something at once, round after round.

    ``calls`` is what that may take, for each delivery or for each message.
    """

    rooms: int
    members: int
    senders: int
    per: str
    calls: float
    dialect: Dialect = NATIVE

    def sent(self, line: bytes) -> bytes:
        """Return a line as a client sends it."""
        return line if self.dialect is NATIVE else frame(line)


WEBSOCKET = Dialect(WebSocketEncoder(), FrameReader, goodbye)
LOADS = {
    "one message to a room of 500": Load(1, 500, 1, "delivery", 0.31),
    "50 rooms of 5, all send": Load(50, 5, 5, "message", 61.8),
    "one message to a room of 500, over WebSocket": Load(1, 500, 1, "delivery", 0.34, WEBSOCKET),
    "50 rooms of 5, all send, over WebSocket": Load(50, 5, 5, "message", 72.6, WEBSOCKET),
}


class Client(asyncio.Transport):
    """The other end of a connection: counts what it is told."""

    def __init__(self, number: int, here: socket.socket, told: Counter[bytes]) -> None:
        super().__init__()
        self.number = number
        self._here = here
        self._told = told

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": self._here, "peername": ("192.0.2.7", 4711)}.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        for kind in (b"joined", b"message", b"ack"):
            self._told[kind] += bytes(data).count(b'"type":"%b"' % kind)


class House:
    """A node with clients in rooms."""

    def __init__(self, here: socket.socket, load: Load, url: str) -> None:
        self.load = load
        self.node = Node(
            "n", settings.parse(["--rate", "0"], {}), connect.Topology(connect.redis(url))
        )
        self.told: Counter[bytes] = Counter()
        self._turns = itertools.count()
        self.connections: list[Connection] = []
        for number in range(load.rooms * load.members):
            hub, batch, peer = self.node.hub, self.node.batch, Peer(self.node.limits, number)
            connection = Connection(hub, batch, peer, dialect=load.dialect)
            connection.connection_made(Client(number, here, self.told))
            self.connections.append(connection)

    async def told_all(self, **wanted: int) -> None:
        """Wait until the clients have been told so much."""
        while any(self.told[kind.encode()] < count for kind, count in wanted.items()):
            await asyncio.sleep(0)

    async def fill(self) -> None:
        """Let all clients join their rooms."""
        for number, connection in enumerate(self.connections):
            room = number % self.load.rooms
            hello = b'{"type":"hello","nick":"n%d","key":"0123456789abcdef%d","rooms":["r%d"]}\n'
            connection.data_received(self.load.sent(hello % (number, number, room)))
            # One after the other: each has to be answered within 5 s, on a slow machine too.
            await self.told_all(joined=number + 1)

    async def end_upkeep(self) -> None:
        """End what the node does now and then: on a busy machine no round would be without it."""
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") in UPKEEP:
                task.cancel()
        await self.node.broker._idle()

    async def talk(self, rounds: int) -> None:
        """Let the senders say something, and wait until everybody knows."""
        load = self.load
        senders = self.connections[: load.rooms * load.senders]
        for turn in itertools.islice(self._turns, rounds):
            self.told.clear()
            for number, connection in enumerate(senders):
                line = b'{"type":"send","room":"r%d","text":"hello there","id":"%d"}\n'
                connection.data_received(load.sent(line % (number % load.rooms, turn)))
            await self.told_all(message=len(senders) * load.members, ack=len(senders))


@contextlib.asynccontextmanager
async def house(load: Load, directory: Path) -> AsyncIterator[House]:
    """A node that runs on a Redis of its own, and has clients."""
    redis = RedisServer(directory)
    await redis.start()
    here, there = socket.socketpair()
    with here, there:
        made = House(here, load, redis.url)
        running = asyncio.create_task(made.node.broker.run(made.node.hub.events))
        try:
            await made.fill()
            yield made
        finally:
            # More than once: redis-py may swallow it while a pipeline is under way.
            while not running.done():
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()
                await asyncio.wait([running], timeout=0.1)
            await redis.kill()


class Calls:
    """Counts calls of and from our functions, while it is entered."""

    OURS = tuple(str(Path(package.__path__[0])) for package in (node, wire, websockets))
    # Since Python 3.12 these are no calls any more.
    COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>")

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._names: dict[CodeType, str] = {}

    def __enter__(self) -> "Calls":
        self._before = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _note(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        if (name := self._names.get(code)) is None:
            ours = code.co_filename.startswith(self.OURS)
            name = f"{Path(code.co_filename).stem}.{code.co_qualname}" if ours else ""
            self._names[code] = name
        if not name:
            return
        if event == "c_call":
            self.found[f"{name} -> {arg.__qualname__}"] += 1
        elif event == "call" and code.co_name not in self.COMPREHENSIONS:
            self.found[name] += 1


async def shortest(made: House, limit: float) -> Calls:
    """Return the calls of the shortest round; a round within the limit is short enough."""
    found: list[Calls] = []
    for _ in range(ROUNDS):
        with Calls() as calls:
            await made.talk(1)
        found.append(calls)
        if calls.found.total() <= limit:
            break
    return min(found, key=lambda calls: calls.found.total())


@pytest.mark.parametrize("name", LOADS)
async def test_a_message_takes_no_more_calls_than_it_did(name: str, tmp_path: Path) -> None:
    load = LOADS[name]
    messages = load.rooms * load.senders
    parts = messages * (load.members if load.per == "delivery" else 1)
    async with asyncio.timeout(WITHIN), house(load, tmp_path) as made:
        await made.end_upkeep()
        await made.talk(2)  # What is made once is made now.
        calls = await shortest(made, limit=(load.calls + SLACK) * parts)
    took = calls.found.total() / parts
    shown = "\n".join(f"{n / parts:8.2f}  {what}" for what, n in calls.found.most_common(60))
    assert took <= load.calls + SLACK, (
        f"{name}: {took:.2f} calls for each {load.per}, it was {load.calls}. "
        f"See the top of this file. They are:\n{shown}"
    )
