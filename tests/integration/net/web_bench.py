"""A web port over a fake broker, and clients of it."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from node.net.connection import Connection
from node.net.listener import Server
from node.net.web import listener as web_listener
from node.net.web.pages import Pages
from node.net.web.port import WebPort, WebRules
from node.net.web.visit import Visit
from tests.integration.net.bench import Bench

UPGRADE = (
    *("Upgrade: websocket", "Connection: Upgrade"),
    *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"),
)


PAGES = Pages({"index.html": b"{digest}", "boot.js": b"1"})


class WebBench(Bench):
    """A node with a web port."""

    def __init__(self, rules: WebRules = WebRules(), **settings: Any) -> None:
        super().__init__(**settings)
        self.web = WebPort(self.hub, self.batch, self.limits, self.metrics.web, rules, PAGES, True)
        self.server: Server

    @property
    def port(self) -> int:
        return cast(int, self.server.sockets[0].getsockname()[1])

    @property
    def inside(self) -> int:
        """Connections of WebSocket clients, as the node counts them."""
        return self.metrics.web.open

    def websocket(self, **options: Any) -> connect:
        """Return a client that is about to connect."""
        options = {"compression": None, "ping_interval": None, **options}
        return connect(f"ws://127.0.0.1:{self.port}/ws", **options)


@asynccontextmanager
async def web_bench(
    rules: WebRules = WebRules(), tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[WebBench]:
    """Serve a web port while a test runs."""
    bench = WebBench(rules, **settings)
    bench.web.direct = tls is None
    bench.server = await web_listener.listen(bench.web, "127.0.0.1", 0, tls)
    yield bench
    bench.server.close()
    for each in list(bench.hub.registry.connections):
        cast(Connection, each.transport)._transport.abort()
    for open_visit in list(bench.web.visits):
        cast(Visit, open_visit)._transport.abort()
    bench.end()
    while bench.web.visits or bench.inside or bench.limits.handshakes:
        await asyncio.sleep(0)


class Raw:
    """A client that sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, bench: WebBench, source: str = "127.0.0.1") -> "Raw":
        return cls(*await asyncio.open_connection("127.0.0.1", bench.port, local_addr=(source, 0)))

    def asks(
        self, path: str = "/", *fields: str, method: str = "GET", host: str | None = "a.localhost"
    ) -> None:
        """Send a request."""
        hosts = () if host is None else (f"Host: {host}",)
        lines = (f"{method} {path} HTTP/1.1", *hosts, *fields, "", "")
        self.writer.write("\r\n".join(lines).encode())

    async def hears(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, header fields and body of the next response."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            parts = (line.partition(": ") for line in head[1:-2])
            fields = {name.lower(): text for name, _, text in parts}
            body = await self.reader.readexactly(int(fields.get("content-length", "0")))
        return int(head[0].split()[1]), fields, body

    async def ends(self) -> bool:
        """Say whether the node closes the connection, with nothing more to read."""
        async with asyncio.timeout(10):
            rest = await self.reader.read()
        self.writer.close()
        return rest == b""


async def asked(bench: WebBench, *fields: str, **request: Any) -> tuple[int, dict[str, str], bytes]:
    """Return the response to one request."""
    raw = await Raw.to(bench)
    raw.asks(request.pop("path", "/"), *fields, **request)
    found = await raw.hears()
    raw.writer.close()
    return found


async def line(client: ClientConnection) -> dict[str, Any]:
    """Return the next event, which is alone in its frame."""
    async with asyncio.timeout(10):
        frame = await client.recv()
    assert isinstance(frame, str) and frame.endswith("\n")
    found: dict[str, Any] = json.loads(frame)
    return found


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Wait for the close frame of the node; return its code and reason."""
    with pytest.raises(ConnectionClosed) as end:
        async with asyncio.timeout(10):
            while True:
                await client.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason
