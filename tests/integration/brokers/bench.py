"""Brokers under test: driven by their public methods, over a Redis that may lose replies."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import keys, scripts
from node.brokers.broker import RedisBroker
from node.brokers.config import BrokerConfig
from node.brokers.connect import Connect, Topology
from node.brokers.status_client import StatusClient
from node.core.entries import Append, Entry, Frame, Position, Slice
from node.core.model import (
    Claim,
    Claimed,
    DirectDenied,
    Failure,
    FencingToken,
    ModerationRule,
    NodeFacts,
    PendingMessage,
    Stored,
)
from node.telemetry.metrics import Metrics

Sent = Stored | DirectDenied | Failure
"""What becomes of a message."""
WITHIN = 15.0
"""Seconds after which a test gives up waiting: an answer comes in a hundredth of that."""
AT_REST = BrokerConfig(lease=1e6, heal_within=0)
"""It reaps nothing by itself."""
REAPING = BrokerConfig(alone=True)


class RecordingEvents:
    """Records what the broker reports, and answers what it asks."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.appends: list[Append] = []
        self.notices: list[Append] = []
        self.told: list[tuple[Any, ...]] = []
        self.known: dict[str, Position] = {}
        self.unseen: list[str] = []
        self.members: dict[str, int] = {}
        self.here: set[str] = set()
        self.orders: list[ModerationRule] = []
        self._changed = asyncio.Event()

    def _tell(self, *what: Any) -> None:
        self.told.append(what)
        self._changed.set()

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._changed.set()

    def appended(self, append: Append) -> bool:
        (self.appends if append.guarded else self.notices).append(append)
        return False

    def confirmed(self, room: str) -> None:
        self._tell("confirmed", room)

    def seen(self, room: str) -> Position | None:
        return self.known.get(room)

    def rewound(self, room: str) -> None:
        self._tell("rewound", room)

    def heads(self) -> list[tuple[str, Position]]:
        return list(self.known.items())

    def inboxes(self) -> list[str]:
        return self.unseen

    def holds(self, session: str) -> bool:
        return session in self.here

    def differs(self, log: str) -> None:
        self._tell("differs", log)

    def present(self, log: str) -> int:
        return self.members.get(log, 0)

    def absent(self, log: str) -> None:
        self._tell("absent", log)

    def moved(self, hold: FencingToken) -> None:
        self._tell("moved", hold)

    def vanished(self, session: str) -> None:
        self._tell("vanished", session)

    def forgotten(self, anew: bool) -> None:
        self._tell("forgotten", anew)

    def estranged(self) -> None:
        self._tell("estranged")

    def moderated(self, orders: Sequence[ModerationRule]) -> None:
        self.orders = list(orders)
        self._tell("moderated", [(order.kind, order.what, order.why) for order in orders])

    def announced(self, text: str, room: str | None, at: int) -> None:
        self._tell("announced", text, room)

    def facts(self) -> NodeFacts:
        return NodeFacts("bench", 3, len(self.here), 1)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true that changes when the broker tells something."""
        async with asyncio.timeout(WITHIN):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def hears(self, *what: Any) -> None:
        """Wait until the broker has told something, and forget it."""
        await self.until(lambda: what in self.told)
        self.told.remove(what)

    def entries(self) -> list[tuple[str, str]]:
        """Return kind and body of all entries told of, in order."""
        return [_brief(entry) for frame in self.frames for entry in frame.entries]


def _brief(entry: Entry) -> tuple[str, str]:
    return entry.kind.decode(), entry.body.decode()


class Losses:
    """Loses replies that Redis gave: each pipeline that did something is said to have failed.

    That is the first one of ``of``, and the others are its repeat, and what comes next.
    """

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.count = 0
        self.of = 2

    def over(self, connect: Connect) -> Connect:
        """Return what makes clients that lose replies."""

        def lossy(timeout: float | None) -> Redis:
            client = connect(timeout)
            pool: Any = client.connection_pool
            if self.wanted:
                kind = pool.connection_class
                exchange = self._losing(kind.exchange)
                pool.connection_class = type("Lossy", (kind,), {"exchange": exchange})
            return client

        return lossy

    def _losing(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        async def losing(*args: Any, **named: Any) -> list[Any]:
            replies = cast(list[Any], await execute(*args, **named))
            if self.wanted and not any(isinstance(reply, Exception) for reply in replies):
                self.count += 1
                if self.count % self.of == 1:
                    raise exceptions.ConnectionError("the reply was lost")
            return replies

        return losing


class Node:
    """A broker that runs, and what it reports."""

    def __init__(
        self,
        prefix: str,
        connect: Connect | Topology,
        rules: BrokerConfig,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        numbers = itertools.count(1)
        self.ids: Callable[[], str] = lambda: f"{prefix}{next(numbers):x}"
        self.events = RecordingEvents()
        self.metrics = Metrics()
        self.clock = clock
        topology = connect if isinstance(connect, Topology) else Topology(connect)
        self.broker = RedisBroker(topology, rules, self.metrics, clock, self.ids)
        # One that is not run reports all the same: tests hand it messages.
        self.broker._context.bind(self.events)
        self.retained = rules.retained
        renewal: Any = self.broker._renewal
        self._renew, renewal.renew = renewal.renew, lambda: self._renew()

    @property
    def incarnation(self) -> str:
        """The name of its lease."""
        return self.broker._lease.incarnation

    async def ask(self, name: str, *args: Any, **named: Any) -> Any:
        """Call the broker, and wait for its reply."""
        return await wait(self.start(name, *args, **named))

    def start(
        self, name: str, *args: Any, timed: bool = True, **named: Any
    ) -> "asyncio.Future[Any]":
        """Call the broker; the future gets its reply."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        deadline = [self.deadline()] if timed else []
        getattr(self.broker, name)(*args, *deadline, partial(settle, reply), **named)
        return reply

    async def idle(self) -> None:
        """Wait until all that was asked for is done."""
        async with asyncio.timeout(WITHIN):
            await self.broker._idle()

    async def stop_renewing(self) -> None:
        """Renew the lease no more, unless the test calls ``check``."""
        self._renew = lambda: None
        await self.idle()

    async def settled(self) -> None:
        """Wait until rooms know who has left them, and rooms that have ended are deleted."""
        janitor = self.broker._janitor
        async with asyncio.timeout(WITHIN):
            await self.broker._idle()
            while janitor._left:
                await self.broker._idle()
            janitor.settle()
            await self.broker._idle()

    async def audited(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Look through the seats of rooms until something is true."""
        async with asyncio.timeout(WITHIN):
            while not await true():
                self.broker._seats.look()
                await self.idle()

    def deadline(self, within: float = WITHIN) -> float:
        """Return when a call has to be done."""
        return self.clock() + within

    def post(
        self, hold: FencingToken, text: str, token: str = "", within: float = WITHIN
    ) -> tuple[PendingMessage, "asyncio.Future[Sent]"]:
        """Return a message on its way, and what becomes of it."""
        reply: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        body = b'"from":"ana","text":"%b"}' % text.encode()
        id = self.ids().encode()
        return (
            PendingMessage(hold, id, token, body, self.deadline(within), partial(settle, reply)),
            reply,
        )

    def say(
        self, hold: FencingToken, room: str, text: str, token: str = ""
    ) -> "asyncio.Future[Sent]":
        """Publish a message."""
        post, reply = self.post(hold, text, token)
        self.broker.publish(room, post)
        return reply

    async def direct(self, hold: FencingToken, to: str, text: str, token: str = "") -> Sent:
        """Send a direct message."""
        post, reply = self.post(hold, text, token)
        self.broker.direct(post, to, b'"from":"ana","to":"', b'","text":"%b"}' % text.encode())
        return cast(Sent, await wait(reply))

    def claim_of(self, session: str, nick: str = "", **named: Any) -> Claim:
        """Return what a connection asks for when it says hello."""
        owner = FencingToken(session, self.broker.owner())
        options: dict[str, Any] = {"attempt": None, "rooms": (), "default_room": "", "known": ()}
        return Claim(
            owner, **{"keyed": True, "nick": nick, "fold": nick.lower(), **options, **named}
        )

    async def hello(
        self, session: str, nick: str = "", **named: Any
    ) -> tuple[FencingToken, Claimed]:
        """Begin or continue a session that is not refused."""
        claim = self.claim_of(session, nick, **named)
        reply = await self.ask("claim", claim)
        assert isinstance(reply, Claimed), reply
        self.events.here.add(session)
        return claim.token, reply

    async def log(self, log: str) -> list[tuple[str, str]]:
        """Return kind and body of a log's entries."""
        found: Slice = await self.ask("tail", log, 10_000, timed=False)
        return [_brief(entry) for entry in found.entries]

    async def texts(self, log: str) -> list[str]:
        """Return the texts of a log's messages."""
        return [
            body.split('"text":"')[1][:-2] for kind, body in await self.log(log) if kind in "md"
        ]

    async def top(self, log: str) -> Position:
        """Return the newest position of a log."""
        found: Slice = await self.ask("tail", log, 1, timed=False)
        assert found.top is not None
        return found.top


def settle(reply: "asyncio.Future[Any]", result: Any) -> None:
    """Give a reply to the test, unless it has stopped waiting."""
    if not reply.done():
        reply.set_result(result)


async def wait(reply: "asyncio.Future[Any]") -> Any:
    """Wait for a reply, but not for ever."""
    async with asyncio.timeout(WITHIN):
        return await reply


class Place:
    """A Redis of one's own, real or embedded, and the nodes at it."""

    def __init__(self, connect: Connect, losses: Losses) -> None:
        self.redis = connect(WITHIN)
        self.losses = losses
        self._connect = losses.over(connect)
        self._stack = contextlib.AsyncExitStack()
        self._prefixes = (f"n{number:x}0" for number in itertools.count(10))

    async def __aenter__(self) -> "Place":
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.aclose()
        await self.redis.aclose()

    async def node(self, rules: BrokerConfig = AT_REST, ready: bool = True) -> Node:
        """Start a node, and wait until its subscription works, if it is to be ``ready``."""
        node = Node(next(self._prefixes), self._connect, rules)
        await self._stack.enter_async_context(running(node, ready))
        return node

    @asynccontextmanager
    async def doomed(self) -> AsyncIterator[Node]:
        """Run a node that will not be heard of again: its lease is over since long ago."""
        node = Node(next(self._prefixes), self._connect, AT_REST)
        async with running(node):
            yield node
            await node.idle()
        await self.redis.zadd(keys.NODES, {node.incarnation: 1})

    def moderator(self) -> StatusClient:
        """Return a moderator; ``async with`` lets go of Redis."""
        return StatusClient(Topology(self._connect))

    def client(self) -> Redis:
        """Return a client that waits for messages for ever."""
        return self._connect(None)

    async def run(self, script: str, *args: Any, log: str = "", authors: Sequence[str] = ()) -> Any:
        """Run a script by itself, with the keys of a log if it declares some."""
        names = scripts.key_names(script)
        declared = keys.of_log(log, names, authors) if log else keys.CONTROL
        text = [str(arg) for arg in args]
        return await self.redis.eval(scripts.source(script), len(declared), *declared, *text)


@asynccontextmanager
async def running(node: Node, ready: bool = True) -> AsyncIterator[None]:
    """Run a node's broker."""
    task = asyncio.create_task(node.broker.run(node.events))
    try:
        async with asyncio.timeout(WITHIN):
            while ready and node.broker.unready() is not None:
                assert not task.done(), task.exception()
                await asyncio.sleep(0.002)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
