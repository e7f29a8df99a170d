"""A clock that stands still until it is told, and a node that says what the test says."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from client.transport.runtime import Opener, Runtime, open_link
from wire import limits
from wire import messages as m
from wire.codec import decode_request, encode
from wire.lines import LineReader

R = TypeVar("R", bound=m.Request)


class FakeTimer:
    """A timer of a FakeTime."""

    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Never call back."""
        self.callback = None


class FakeTime:
    """Time that passes only by ``advance`` or ``pass_pause``."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.jitter = 1.0
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._count = itertools.count()
        self._set = asyncio.Event()

    def runtime(self, open: Opener = open_link) -> Runtime:
        """Return a world with this time, and chance that always gives ``jitter``."""
        secrets = itertools.count(1)
        return Runtime(
            clock=lambda: self.now,
            now_ms=lambda: int(self.now * 1000),
            call_later=self._call_later,
            random=lambda: self.jitter,
            secret=lambda size: f"{next(secrets):0{2 * size}x}",
            open=open,
        )

    def advance(self, seconds: float) -> None:
        """Let time pass, and call whoever is due on the way."""
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            at, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, at)
            if timer.callback:
                timer.callback()
        self.now = end

    async def until_timer(self, least: float, most: float) -> float:
        """Wait until a timer is set that is due in so many seconds; return them."""
        while True:
            for at, _, timer in self._timers:
                if timer.callback and least <= round(at - self.now, 6) <= most:
                    return at - self.now
            self._set.clear()
            await self._set.wait()

    def _call_later(self, delay: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(self.now + delay, callback)
        heapq.heappush(self._timers, (timer.at, next(self._count), timer))
        self._set.set()
        if delay <= 0:
            asyncio.get_running_loop().call_soon(self.advance, 0.0)
        return timer


class Peer:
    """The node's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._lines = LineReader(limits.LINE)
        self._ready: list[m.AnyRequest] = []

    async def get(self) -> m.AnyRequest | None:
        """Return the next request, None when the client is gone."""
        while not self._ready:
            try:
                data = await self._reader.read(65536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            lines, error = self._lines.feed(data)
            assert error is None
            self._ready += [decode_request(line) for line in lines]
        return self._ready.pop(0)

    async def expect(self, kind: type[R]) -> R:
        """Return the next request, which is of that type."""
        request = await self.get()
        assert isinstance(request, kind), request
        return request

    def say(self, *events: m.Event) -> None:
        """Tell the client."""
        self.say_bytes(b"".join(encode(event) for event in events))

    def say_bytes(self, data: bytes) -> None:
        """Tell the client something of any form."""
        self.writer.write(data)

    async def greet(
        self, nick: str | None = None, *, resumed: bool = False, node: str = "node-1"
    ) -> m.Hello:
        """Welcome the client into the rooms it asks for; return its hello."""
        hello = await self.expect(m.Hello)
        self.say(welcome(nick or hello.nick or "?", resumed=resumed, node=node))
        for room in ["general"] if hello.rooms is None else hello.rooms:
            self.say(joined(room, (hello.positions or {}).get(room, f"{room}-0")))
        return hello

    async def take(self, position: str = "p") -> m.Send:
        """Take a message: acknowledge it, and bring it back to its author."""
        request = await self.expect(m.Send)
        assert request.id
        self.say(
            message(request.text, position, room=request.room, from_="ana", id=request.id),
            m.Ack(id=request.id, position=position, at=1, room=request.room),
        )
        return request

    def hang_up(self) -> None:
        """Break the connection as a killed process does."""
        self.writer.transport.abort()


class ScriptedNode:
    """Listens on a port of its own; a test takes each connection and plays the node's part."""

    def __init__(self) -> None:
        self.address = ""
        self._arrivals: asyncio.Queue[Peer] = asyncio.Queue()
        self._peers: list[Peer] = []

    async def peer(self) -> Peer:
        """Return the next connection."""
        return await self._arrivals.get()

    async def arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Called by asyncio."""
        peer = Peer(reader, writer)
        self._peers.append(peer)
        self._arrivals.put_nowait(peer)

    async def close(self) -> None:
        """End all connections, also those that arrive while others end."""
        # What the server has accepted takes three turns of the loop to arrive.
        for _ in range(3):
            await asyncio.sleep(0)
        while self._peers:
            peer = self._peers.pop()
            peer.hang_up()
            with suppress(ConnectionError):
                await peer.writer.wait_closed()


@asynccontextmanager
async def scripted_node() -> AsyncIterator[ScriptedNode]:
    """A node on a free port."""
    node = ScriptedNode()
    server = await asyncio.start_server(node.arrive, "127.0.0.1", 0)
    node.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    try:
        yield node
    finally:
        server.close()
        await node.close()


def welcome(nick: str = "ana", *, resumed: bool = False, node: str = "node-1") -> m.Welcome:
    """A welcome."""
    return m.Welcome(
        ref="hello", nick=nick, node=node, protocol=1, resumed=resumed, limits=m.Limits()
    )


def joined(
    room: str = "general",
    position: str = "p0",
    *,
    ref: str | None = None,
    quiet: bool = False,
    created: bool = False,
    members: int = 1,
) -> m.Joined:
    """A joined."""
    return m.Joined(
        ref=ref,
        room=room,
        position=position,
        members=members,
        created=created,
        quiet=quiet,
        messages=[],
    )


def message(
    text: str,
    position: str = "p1",
    *,
    room: str = "general",
    from_: str = "bo",
    id: str | None = None,
) -> m.Message:
    """A message."""
    return m.Message(room=room, position=position, at=1, from_=from_, text=text, id=id)


def refused(
    code: str,
    *,
    id: str | None = None,
    ref: str | None = None,
    room: str | None = None,
    after: int | None = None,
) -> m.Error:
    """An error."""
    return m.Error(code=code, text=f"No: {code}.", id=id, ref=ref, room=room, retry_after_ms=after)
