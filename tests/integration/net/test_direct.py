"""Connections whose bytes go past the transport: in order, whatever the socket takes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, cast

import pytest
import uvloop

from node.net import listener
from node.net.connection import WRITE_HIGH, Connection
from tests.integration.net.bench import Bench

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
Story = Callable[[], Coroutine[Any, Any, None]]


def on_each_loop(story: Story) -> Callable[[str], None]:
    """Run a test on the loop of its parameter."""

    @pytest.mark.parametrize("loop", LOOPS)
    @wraps(story)
    def run(loop: str) -> None:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(story())

    del run.__wrapped__  # pytest would look for its parameters there
    return run


class Peer:
    """A client that reads when it is told to, and what the node has of it."""

    def __init__(self, bench: Bench, connection: Connection, client: socket.socket) -> None:
        self.bench = bench
        self.connection = connection
        self._client = client

    async def read(self, count: int) -> bytes:
        """Return so many bytes, or less at the end."""
        found = bytearray()
        async with asyncio.timeout(5):
            while len(found) < count:
                data = await asyncio.get_running_loop().sock_recv(self._client, 1 << 16)
                if not data:
                    break
                found += data
        return bytes(found)

    def read_now(self, most: int) -> bytes:
        """Return what is there already, up to so many bytes; it makes room for more at once."""
        try:
            return self._client.recv(most)
        except BlockingIOError:
            return b""

    def hang_up(self) -> None:
        self._client.close()

    @property
    def transport(self) -> asyncio.Transport:
        return self.connection._transport


@asynccontextmanager
async def met() -> AsyncIterator[Peer]:
    """Connect a client that takes little to a node."""
    bench = Bench()
    server = await listener.listen(bench.hub, bench.batch, "127.0.0.1", 0, None, bench.limits)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.setblocking(False)
    before = set(bench.hub.registry.connections)
    await asyncio.get_running_loop().sock_connect(client, server.sockets[0].getsockname())
    while not (new := set(bench.hub.registry.connections) - before):
        await asyncio.sleep(0)
    (session,) = new
    yield Peer(bench, cast(Connection, session.transport), client)
    client.close()
    server.close()
    bench.end()
    for session in list(bench.hub.registry.connections):
        cast(Connection, session.transport)._transport.abort()
    await asyncio.sleep(0.01)


@on_each_loop
async def test_what_the_socket_takes_is_not_seen_by_the_transport() -> None:
    async with met() as peer:
        for word in (b"one ", b"two"):
            peer.connection.write(word)
            await asyncio.sleep(0)
            assert peer.transport.get_write_buffer_size() == 0 and peer.connection.writer.is_direct
        assert await peer.read(7) == b"one two"


@on_each_loop
async def test_what_it_does_not_take_goes_out_in_order_and_then_it_is_direct_again() -> None:
    said = [b"%07d " % number * 5000 for number in range(200)]
    async with met() as peer:
        for each in said:
            peer.connection.write(each)
            await asyncio.sleep(0)
        assert not peer.connection.writer.is_direct and peer.connection.paused
        assert peer.transport.get_write_buffer_size() > WRITE_HIGH
        assert await peer.read(sum(map(len, said))) == b"".join(said)
        assert not peer.connection.paused
        peer.connection.write(b"again")
        await asyncio.sleep(0)
        assert peer.connection.writer.is_direct and await peer.read(5) == b"again"


@on_each_loop
async def test_nothing_overtakes_what_the_transport_still_has() -> None:
    said = [b"%07d " % number * 2500 for number in range(500)]
    found = b""
    async with met() as peer:
        for number, each in enumerate(said):
            peer.connection.write(each)
            if number > 250:
                found += peer.read_now(100_000)
            await asyncio.sleep(0)
        found += await peer.read(sum(map(len, said)) - len(found))
    assert found == b"".join(said)


@on_each_loop
async def test_the_last_line_comes_whole_and_the_end_after_it() -> None:
    async with met() as peer:
        many = bytes(3_000_000)
        peer.connection.write(many)
        await asyncio.sleep(0)
        peer.connection.write(b"bye")
        peer.connection.close()
        peer.connection.write(b"never")
        assert not peer.connection.writer.is_direct
        assert await peer.read(4_000_000) == many + b"bye"


@on_each_loop
async def test_a_client_that_has_closed_is_noticed_by_writing() -> None:
    async with met() as peer:
        peer.connection._flow.pause()  # so that it is not noticed by reading
        peer.hang_up()
        while peer.connection in [
            session.transport for session in peer.bench.hub.registry.connections
        ]:
            peer.connection.write(b"x")
            await asyncio.sleep(0.001)
        assert not peer.connection.writer.is_direct
        peer.connection.write(b"to nobody")
        await asyncio.sleep(0)
