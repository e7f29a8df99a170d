"""A TCP proxy between a node and Redis that can do what networks do."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import cast

COMMANDS = b"EVALSHA"
"""What a connection says that asks for something; one that is subscribed only listens."""
SUBSCRIBING = b"SSUBSCRIBE"
"""What a connection says that is to listen."""

Trap = Callable[["Pair", bytes], bool]
"""Sees what a node says on a connection, and says whether it is held back."""


class End(asyncio.Protocol):
    """One end of a proxied connection: what it reads, the other one writes."""

    def __init__(self, pair: "Pair", upstream: bool) -> None:
        self.pair = pair
        self.upstream = upstream
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self.transport = cast(asyncio.Transport, transport)
        self.pair.opened(self)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self.pair.data(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.pair.cut()


class Pair:
    """A connection through the proxy: the node's end, and Redis's."""

    def __init__(self, proxy: "Proxy") -> None:
        self.proxy = proxy
        self.near = End(self, upstream=False)
        self.far = End(self, upstream=True)
        self.kind = ""
        self.dead = False
        self.listens = False
        self.places = [proxy]
        """Whose faults it has: those of its proxy, and perhaps of something else it belongs to."""
        self._early: list[bytes] = []
        self._asked = False

    def opened(self, end: End) -> None:
        """An end is connected: the near one comes first, and brings the far one."""
        if end is self.near:
            if self.proxy.closed:
                # It was accepted just before the end.
                self.cut()
                return
            self.proxy.pairs.add(self)
            self.proxy.connect(self)
            return
        if self.dead:
            self.cut()
        for data in self._early:
            self._forward(self.near, data)
        self._early.clear()

    def data(self, end: End, data: bytes) -> None:
        """Take what one end has read."""
        if self.dead:
            return
        if end is self.near:
            self.proxy.sort(self, data)
            self._asked |= COMMANDS in data
            self.listens |= SUBSCRIBING in data
        holed = [place for place in self.places if place.swallows(self)]
        if end is self.near and not holed:
            holed = [
                place for place in self.places if place.trap is not None and place.trap(self, data)
            ]
        if holed:
            for place in holed:
                place.swallowed.add(self)
            return
        if end is self.near and self.far.transport is None:
            self._early.append(data)
        elif delay := max(place.delay for place in self.places):
            asyncio.get_running_loop().call_later(delay, self._forward, end, data)
        else:
            self._forward(end, data)

    def deliver(self, data: bytes) -> None:
        """Forward what was held back."""
        self._write(self.far, data)

    def belong(self, place: "Proxy") -> None:
        """Have the faults of something else as well."""
        self.places.append(place)
        place.pairs.add(self)

    def _forward(self, end: End, data: bytes) -> None:
        if end is self.far and self._asked:
            self._asked = False
            if any(place.drop() for place in self.places):
                # Redis has done it; the node hears nothing of that, or only a part.
                self._write(self.near, data[: self.proxy.rng.randrange(len(data))])
                self.cut(gently=True)
                return
        self._write(self.far if end is self.near else self.near, data)

    def _write(self, end: End, data: bytes) -> None:
        if end.transport is not None and not end.transport.is_closing() and data:
            end.transport.write(data)

    def cut(self, gently: bool = False) -> None:
        """Break the connection; ``gently`` lets the node read what was written to it."""
        self.dead = True
        for place in self.places:
            place.pairs.discard(self)
            place.swallowed.discard(self)
        for end in (self.near, self.far):
            if end.transport is not None:
                if gently and end is self.near:
                    end.transport.close()
                else:
                    end.transport.abort()


class Proxy:
    """Listens on a port of its own, and forwards to ``target`` while it is let."""

    def __init__(self, target: tuple[str, int], rng: Random) -> None:
        self.target = target
        self.rng = rng
        self.port = 0
        self.pairs: set[Pair] = set()
        self.swallowed: set[Pair] = set()
        self.holed: set[str] = set()
        self.deaf = False
        """Whether nothing comes through on subscriptions."""
        self.delay = 0.0
        self.trap: Trap | None = None
        self.drops = 0
        self.dropped = 0
        self.closed = False
        self._server: asyncio.Server | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Pair(self).near, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End everything."""
        self.closed = True
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def connect(self, pair: Pair) -> None:
        """Find the far end of a connection."""
        task = asyncio.create_task(self._connect(pair))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, pair: Pair) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: pair.far, *self.target)
        except OSError:
            pair.cut()

    @staticmethod
    def kind_of(kind: str, data: bytes) -> str:
        """Say whose connection it is by what it says: a replica's, a Sentinel's, or a node's."""
        if b"listening-port" in data:
            return "replica"
        if b"sentinel-" in data:
            return "sentinel"
        return kind or "node"

    def sort(self, pair: Pair, data: bytes) -> None:
        """Find out whose connection it is by what it says."""
        pair.kind = self.kind_of(pair.kind, data)

    def swallows(self, pair: Pair) -> bool:
        """Say whether nothing comes through on a connection."""
        return bool(self.holed & {pair.kind, "all"}) or (self.deaf and pair.listens)

    def drop(self) -> bool:
        """Say whether a connection is to break now, before a reply; count it."""
        if not self.drops:
            return False
        self.drops -= 1
        self.dropped += 1
        return True

    # Faults

    def cut(self, *kinds: str) -> int:
        """Break the connections of some kinds, or all; return how many there were."""
        pairs = [pair for pair in self.pairs if not kinds or pair.kind in kinds]
        for pair in pairs:
            pair.cut()
        return len(pairs)

    def hole(self, *kinds: str) -> None:
        """Accept everything and forward nothing, for connections of some kinds, or for all."""
        self.holed |= set(kinds or ("all",))

    def mend(self) -> None:
        """Forward again; connections that have lost bytes are broken."""
        self.holed.clear()
        self.deaf = False
        for pair in list(self.swallowed):
            pair.cut()

    def drop_replies(self, count: int = 1) -> None:
        """Break the next connections on which a command has been done, before its reply is read."""
        self.drops = count
