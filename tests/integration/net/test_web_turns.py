"""Web connections over a transport that a test looks into."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest

from node.core.config import Limit
from node.core.limits.admission import ADDRESS_LINES_LEAST, AddressUsage, Bounds
from node.net import connection_limits
from node.net.connection import Connection
from node.net.peer import Peer
from node.net.web.frames import TURN_MOST
from node.net.web.visit import Visit
from tests.integration.net.bench import FakeTransport
from tests.integration.net.web_bench import UPGRADE, WebBench

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


ASKED = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
PAGE = 60
"""Requests of a browser that loads the page, with none of its files kept."""


def visited(bench: WebBench, wire: FakeTransport) -> tuple[Visit, AddressUsage]:
    """Return a connection that is open, and what its address has used up."""
    peer = Peer(bench.limits, 2)
    visit = Visit(bench.web, peer)
    visit.connection_made(wire)
    assert peer.usage is not None
    return visit, peer.usage


def responses(wire: FakeTransport) -> int:
    return b"".join(wire.writes).count(b"HTTP/1.1 404 ")


@pytest.fixture
async def limited() -> AsyncIterator[WebBench]:
    """A node with the rates that are the defaults, but for connections."""
    bench = WebBench(bounds=Bounds(requests=(400.0, 1200.0)), rate=(10.0, 30.0))
    yield bench
    bench.end()


async def test_requests_count_as_lines_of_their_address(
    limited: WebBench, wire: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[tuple[float, Callable[[], None]]] = []
    visit, usage = visited(limited, wire)
    assert usage.lines is not None
    usage.lines.charge(int(ADDRESS_LINES_LEAST[1]), limited.time)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda delay, call: delays.append((delay, call)))
    visit.data_received(ASKED * 3)
    assert responses(wire) == 1 and not wire.reading
    [(delay, waited)] = [row for row in delays if row[0] < 1]
    limited.time += delay
    waited()
    assert responses(wire) == 2 and not wire.reading
    assert limited.metrics.limited[Limit.LINES] == 2
    monkeypatch.undo()
    visit.connection_lost(None)


async def test_a_connection_that_waited_can_still_become_a_websocket(
    limited: WebBench, wire: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    followers: list[Connection] = []
    monkeypatch.setattr(wire, "set_protocol", followers.append)
    visit, usage = visited(limited, wire)
    assert usage.lines is not None
    usage.lines.charge(int(ADDRESS_LINES_LEAST[1]), limited.time)
    upgrade = "\r\n".join(("GET /ws HTTP/1.1", "Host: localhost", *UPGRADE, "", ""))
    visit.data_received(ASKED + upgrade.encode())
    assert not wire.reading and not limited.inside
    limited.time += 1
    async with asyncio.timeout(10):
        while not limited.inside:
            await asyncio.sleep(0)
    assert wire.reading
    followers[0].connection_lost(None)


async def test_who_loads_the_page_does_not_wait(limited: WebBench, wire: FakeTransport) -> None:
    visit, _ = visited(limited, wire)
    visit.data_received(ASKED * PAGE)
    assert responses(wire) == PAGE and wire.reading
    visit.connection_lost(None)


@pytest.mark.parametrize("is_upgraded", [False, True])
async def test_what_a_client_has_sent_is_not_kept_while_its_connection_lingers(
    bench: WebBench, wire: FakeTransport, is_upgraded: bool
) -> None:
    if is_upgraded:
        peer = Peer(bench.limits, 2)
        peer.admit(None)
        connection = Connection(bench.hub, bench.batch, peer, False, bench.web.dialect)
        connection.upgraded(wire, b"", b"")
        last = b"\x82\x80\0\0\0\0"  # a binary frame, which is refused
    else:
        visit = Visit(bench.web, Peer(bench.limits, 2))
        visit.connection_made(wire)
        last = ASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    data = last + b" " * 256 * 1024
    tracemalloc.start()
    try:
        (connection if is_upgraded else visit).data_received(data)
        assert wire.eof_written
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 64 * 1024
    (connection if is_upgraded else visit).connection_lost(None)
