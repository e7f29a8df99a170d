"""Web connections over a transport that a test looks into."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from node.net import connection_limits
from node.net.connection import Connection
from node.net.peer import Peer
from node.net.web.frames import TURN_MOST
from node.net.web.visit import Visit
from tests.integration.net.bench import FakeTransport
from tests.integration.net.web_bench import WebBench

PING = b"\x89\x80\0\0\0\0"
PONG = b"\x8a\0"
SAID = b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}'


@pytest.fixture
async def bench() -> AsyncIterator[WebBench]:
    bench = WebBench()
    bench.web.direct = False
    yield bench
    bench.end()


@pytest.fixture
async def wire() -> AsyncIterator[FakeTransport]:
    wire = FakeTransport()
    yield wire
    wire.socket.close()
    wire.client.close()


async def test_a_flood_of_frames_leaves_others_their_turn(
    bench: WebBench, wire: FakeTransport
) -> None:
    peer = Peer(bench.limits, 2)
    peer.admit(None)
    connection = Connection(bench.hub, bench.batch, peer, False, bench.web.dialect)
    connection.upgraded(wire, b"", b"")
    count = 256 * 1024 // len(PING)
    connection.data_received(PING * count + SAID)
    await asyncio.sleep(0)
    assert len(b"".join(wire.writes)) <= 2 * len(PONG) * (TURN_MOST // len(PING) + 1)
    assert not wire.reading
    for _ in range(2 * count * len(PING) // TURN_MOST):
        await asyncio.sleep(0)
    assert b"".join(wire.writes).startswith(PONG * count + b"\x81")
    assert wire.reading
    connection.connection_lost(None)


async def test_a_client_over_a_limit_is_told_so_also_when_it_may_not_linger(
    bench: WebBench, wire: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "LINGER_MOST", 0)
    bench.limits.set_memory(False)
    visit = Visit(bench.web, Peer(bench.limits, 2))
    visit.connection_made(wire)
    assert b"".join(wire.writes).startswith(b"HTTP/1.1 503 ")
    assert wire.closed and not wire.aborted
    visit.connection_lost(None)
    assert (bench.limits.handshakes, bench.limits.lingering) == (0, 0)


async def test_a_refused_upgrade_is_logged_like_other_refusals(
    bench: WebBench, wire: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    visit = Visit(bench.web, Peer(bench.limits, 2))
    visit.connection_made(wire)
    bench.limits.set_memory(False)
    visit.data_received(b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"".join(wire.writes).startswith(b"HTTP/1.1 503 ")
    assert [record.message for record in caplog.records] == ["refusing connections"]
    assert bench.limits.lingering == 1
    visit.connection_lost(None)
    assert (bench.limits.handshakes, bench.limits.lingering) == (0, 0)
