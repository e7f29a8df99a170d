"""TLS: refused clients are disconnected before the handshake, which is limited in time."""

import asyncio
import contextlib
import errno
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from node.core.limits.admission import Bounds
from node.net import listener, tls_listener
from node.net.connection import Connection
from node.net.tls import server_context
from node.net.tls_listener import TlsListener
from tests.integration.net.bench import Bench

AUTHORITY = trustme.CA()
PING = b'{"type":"ping"}\n'


class TlsBench(Bench):
    """A node that speaks TLS, with five connections for an address at most."""

    server: TlsListener

    @property
    def port(self) -> int:
        return cast(int, self.server.sockets[0].getsockname()[1])

    @property
    def inside(self) -> int:
        """How many have come in, beside the bench's own connection."""
        return len(self.hub.registry.connections) - 1

    async def dial(self, source: str, **tls: Any) -> tuple[asyncio.StreamReader, Any]:
        """Connect from an address of its own, without a handshake unless one is wanted."""
        return await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0), limit=65536, **tls
        )

    async def come(self, source: str) -> tuple[asyncio.StreamReader, Any]:
        """Connect, and shake hands."""
        trusts = ssl.create_default_context()
        AUTHORITY.configure_trust(trusts)
        return await self.dial(source, ssl=trusts, server_hostname="localhost")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[TlsBench]:
    issued = AUTHORITY.issue_cert("localhost")
    pem = tmp_path / "node.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
    bench = TlsBench(bounds=Bounds(per_address=5))
    secure = server_context(str(pem), str(pem))
    found = await listener.listen(bench.hub, bench.batch, "127.0.0.1", 0, secure, bench.limits)
    assert isinstance(found, TlsListener)
    bench.server = found
    yield bench
    found.close()
    for session in list(bench.hub.registry.connections):
        cast(Connection, session.transport)._transport.abort()
    bench.end()
    while bench.server._handshakes:
        await asyncio.sleep(0.01)


async def gone(reader: asyncio.StreamReader, writer: Any) -> None:
    """Wait until the node has hung up; what it says is not for people."""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            await reader.read()
    writer.close()


async def served(reader: asyncio.StreamReader, writer: Any) -> bool:
    """Say whether the node answers."""
    writer.write(PING)
    async with asyncio.timeout(5):
        line = await reader.readline()
    return bool(json.loads(line)["type"] == "pong")


async def test_a_client_that_finishes_the_handshake_is_admitted_and_counts_for_its_address(
    bench: TlsBench,
) -> None:
    clients = [await bench.come("127.0.0.7") for _ in range(5)]
    assert all([await served(*client) for client in clients]) and bench.inside == 5
    await gone(*await bench.dial("127.0.0.7"))
    for reader, writer in clients:
        writer.transport.abort()
    while bench.inside:
        await asyncio.sleep(0.001)
    reader, writer = await bench.come("127.0.0.7")
    assert await served(reader, writer)
    writer.transport.abort()


async def test_an_address_has_only_so_many_handshakes_and_others_are_admitted(
    bench: TlsBench,
) -> None:
    clients = [await bench.dial("127.0.0.7") for _ in range(5)]
    await gone(*await bench.dial("127.0.0.7"))
    assert bench.limits.handshakes == 5 and bench.inside == 0
    reader, writer = await bench.come("127.0.0.8")
    assert await served(reader, writer) and bench.inside == 1
    for _, other in (*clients, (reader, writer)):
        other.transport.abort()


async def test_an_unfinished_handshake_is_closed_and_not_counted_any_more(
    bench: TlsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_listener, "HANDSHAKE_WITHIN", 0.1)
    for _ in range(2):
        for client in [await bench.dial("127.0.0.7") for _ in range(5)]:
            await gone(*client)
        while bench.server._handshakes:
            await asyncio.sleep(0.001)
        assert bench.limits.handshakes == 0 and bench.inside == 0


async def test_a_client_without_tls_is_disconnected_and_leaves_a_line_in_the_log(
    bench: TlsBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "node.net.tls_listener")
    reader, writer = await bench.dial("127.0.0.7")
    port = writer.get_extra_info("sockname")[1]
    writer.write(PING * 100)
    await gone(reader, writer)
    assert bench.inside == 0 and not bench.metrics.silent_connections
    [line] = caplog.records
    assert (line.msg, line.levelno) == ("TLS handshake failed", logging.INFO)
    assert facts(line) == ("node-1", f"127.0.0.7:{port}", "wrong version number")


def facts(line: logging.LogRecord) -> tuple[str, ...]:
    """Return node, peer and reason of a line of the log."""
    return tuple(vars(line)[name] for name in ("node", "peer", "reason"))


async def test_handshakes_count_as_clients(bench: TlsBench) -> None:
    bench.limits._admission._bounds = Bounds(clients=4)
    clients = [await bench.dial("127.0.0.7") for _ in range(3)]
    await gone(*await bench.dial("127.0.0.8"))
    assert bench.limits.handshakes == 3
    for _, writer in clients:
        writer.transport.abort()


async def test_clients_that_connect_in_one_moment_are_counted_one_by_one(bench: TlsBench) -> None:
    bench.limits._admission._bounds = Bounds(clients=4)
    # All of them wait to be accepted before the loop has a turn.
    clients = [socket.create_connection(("127.0.0.1", bench.port)) for _ in range(8)]
    while not bench.limits.handshakes:
        await asyncio.sleep(0)
    assert bench.limits.handshakes == 3
    for client in clients:
        client.close()


async def test_a_closed_server_lets_handshakes_finish_and_accepts_no_client(
    bench: TlsBench,
) -> None:
    coming = asyncio.create_task(bench.come("127.0.0.7"))
    while not bench.limits.handshakes:
        await asyncio.sleep(0)
    port = bench.port
    bench.server.close()
    reader, writer = await coming
    assert await served(reader, writer)
    writer.transport.abort()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_without_descriptors_that_is_logged_and_accepting_is_tried_again(
    bench: TlsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    monkeypatch.setattr(tls_listener, "PAUSE", 0.01)
    bench.server._accept(Refusing(bench.server.sockets[0]))  # type: ignore[arg-type]
    [context] = said
    assert context["exception"].errno == errno.EMFILE and "socket" in context
    reader, writer = await bench.come("127.0.0.7")
    assert await served(reader, writer)
    writer.transport.abort()


class Refusing:
    """A socket at which nobody can be accepted the first time."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.refuses = True

    def accept(self) -> Any:
        if self.refuses:
            self.refuses = False
            raise OSError(errno.EMFILE, "too many open files")
        return self.real.accept()

    def fileno(self) -> int:
        return self.real.fileno()


async def test_a_health_check_that_only_connects_is_counted_and_logged_at_debug_alone(
    bench: TlsBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "node.net.tls_listener")
    _, writer = await bench.dial("127.0.0.2")
    port = writer.get_extra_info("sockname")[1]
    writer.close()
    async with asyncio.timeout(10):
        while not bench.metrics.silent_connections:
            await asyncio.sleep(0)
    assert bench.metrics.silent_connections == 1
    [line] = caplog.records
    assert (line.msg, line.levelno) == ("TLS handshake failed", logging.DEBUG)
    assert facts(line) == ("node-1", f"127.0.0.2:{port}", "by the client")
