"""Which clients a node admits, how it refuses others, and what it logs."""

import asyncio
import logging
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from node.config.parsers import networks
from node.core.config import Limit
from node.core.limits.admission import Bounds
from node.net import connection_limits
from node.net.connection import Connection
from node.net.peer import Peer
from tests.integration.net.bench import Bench, FakeTransport, served
from tests.unit.node.core.fakes import claimed
from wire import codec
from wire import messages as m

WITHIN = 5.0
HEADER = b"PROXY TCP4 198.51.100.9 192.0.2.1 56324 9999\r\n"


@asynccontextmanager
async def bench_of(**how: Any) -> AsyncIterator[Bench]:
    """Make a bench, and close its sockets."""
    bench = Bench(**how)
    try:
        yield bench
    finally:
        bench.end()


@asynccontextmanager
async def another(bench: Bench) -> AsyncIterator[FakeTransport]:
    """Open one more connection from the same address."""
    transport = FakeTransport()
    connection = Connection(bench.hub, bench.batch, Peer(bench.limits, 2))
    connection.connection_made(transport)
    try:
        yield transport
    finally:
        connection.connection_lost(None)
        transport.socket.close()
        transport.client.close()


def told(transport: FakeTransport) -> list[str]:
    """Return what was written, in short."""
    found = []
    for line in b"".join(transport.writes).splitlines():
        event = codec.decode_event(line)
        assert isinstance(event, m.Error | m.Bye)
        found.append(event.code if isinstance(event, m.Error) else event.reason)
    return found


def limited(bench: Bench, limit: str) -> int:
    """Return how often a limit was run into."""
    return bench.metrics.limited[Limit(limit)]


async def test_one_client_too_many_from_an_address_is_told_why_and_closed() -> None:
    async with bench_of(bounds=Bounds(per_address=1)) as bench:
        async with another(bench) as transport:
            assert told(transport) == ["unavailable", "busy"] and transport.eof_written
            assert sum(map(len, transport.writes)) < 300
            assert len(bench.hub.registry.connections) == 1
        assert limited(bench, "per-address") == 1
        bench.connection.connection_lost(None)
        async with another(bench) as transport:
            assert told(transport) == []


async def test_one_client_too_many_in_all_is_refused_before_its_hello() -> None:
    async with bench_of(proxy=True, bounds=Bounds(clients=1)) as bench:
        async with another(bench) as transport:
            assert told(transport) == ["unavailable", "busy"]
        assert limited(bench, "max-clients") == 1


async def test_behind_a_proxy_the_clients_own_address_counts() -> None:
    bounds = Bounds(per_address=1, exempt=networks("192.0.2.0/24"))
    async with bench_of(proxy=True, bounds=bounds) as bench:
        bench.connection.data_received(HEADER)
        second = Bench(proxy=True)
        second.connection = Connection(bench.hub, bench.batch, Peer(bench.limits, 2))
        second.connection.connection_made(second.transport)
        second.connection.data_received(HEADER + codec.encode(m.Ping()))
        await asyncio.sleep(0)
        assert told(second.transport) == ["unavailable", "busy"]
        second.end()
        async with another(bench) as transport:
            assert told(transport) == []


async def test_a_header_from_an_untrusted_address_ends_the_connection() -> None:
    async with bench_of(proxy=True) as bench:
        bench.limits._proxies = networks("10.0.0.0/8")
        bench.connection.data_received(HEADER + codec.encode(m.Ping()))
        assert bench.transport.aborted and bench.transport.writes == []
        assert limited(bench, "proxy-from") == 1


async def test_no_client_is_admitted_while_memory_overflows() -> None:
    async with bench_of() as bench:
        bench.limits.set_memory(False)
        async with another(bench) as transport:
            assert told(transport) == ["unavailable", "busy"]
        bench.says(m.Ping())
        assert await bench.hears() == [m.PongEvent()]


async def test_the_last_descriptors_are_not_for_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench_of() as bench:
        # Any descriptor is among the last then, whichever is free.
        limits = (2, 10**6)
        monkeypatch.setattr("node.net.connection_limits.resource.getrlimit", lambda _: limits)
        async with another(bench) as transport:
            assert told(transport) == ["unavailable", "busy"]
        assert limited(bench, "files") == 1
        monkeypatch.setattr(
            "node.net.connection_limits.resource.getrlimit", lambda _: (10**6, 10**6)
        )
        async with another(bench) as transport:
            assert told(transport) == []


async def test_a_thousand_refusals_are_few_log_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench_of(bounds=Bounds(clients=1)) as bench:
        caplog.set_level(logging.INFO)
        for _ in range(1000):
            async with another(bench):
                pass
        assert [record.getMessage() for record in caplog.records] == ["refusing connections"]
        bench.hub.services.now += connection_limits.LOG_EVERY
        bench.limits.tick()
        [_, again] = caplog.records
        assert again.getMessage() == "connections refused" and vars(again)["more"] == 999
        for _ in range(2):
            bench.hub.services.now += connection_limits.LOG_EVERY
            bench.limits.tick()
        assert len(caplog.records) == 2, "and none at all when it is over"


async def test_few_refused_clients_may_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "LINGER_MOST", 1)
    async with bench_of(bounds=Bounds(clients=1)) as bench:
        async with another(bench) as first, another(bench) as second:
            assert (first.closed, second.closed) == (False, True)
            assert told(second) == ["unavailable", "busy"]
        assert bench.limits.lingering == 0


async def test_idle_addresses_are_forgotten_once_in_a_while() -> None:
    async with bench_of(bounds=Bounds(connects=(1000.0, 1000.0))) as bench:
        bench.connection.connection_lost(None)
        assert len(bench.limits._admission) == 1
        bench.hub.services.now += connection_limits.FORGET_EVERY
        bench.limits.tick()
        assert len(bench.limits._admission) == 0


# Floods


async def test_a_flood_is_read_slowly_and_in_turns_with_others() -> None:
    """What is held is read later; what is not read stays where it came from."""
    async with bench_of(rate=(1000.0, 30.0)) as bench:
        bench.says(*[m.Ping(ref=str(number)) for number in range(1000)])
        assert not bench.transport.reading
        heard = [event.ref for event in await bench.hears() if event is not None]
        assert len(heard) == 100, "then others have their turn"
        async with asyncio.timeout(WITHIN):
            while not bench.transport.reading:
                heard += [event.ref for event in await bench.hears() if event is not None]
        heard += [event.ref for event in await bench.hears() if event is not None]
        assert heard == [str(number) for number in range(1000)]
        assert limited(bench, "lines") > 5


async def test_held_lines_take_up_no_more_than_their_bytes() -> None:
    async with bench_of(rate=(1000.0, 30.0)) as bench:
        tracemalloc.start()
        bench.connection.data_received(
            b'{"type":"x"}\n' * 20_000 + b'{"type":"ping","ref":"last"}\n'
        )
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 400_000
        throttle = bench.connection._flow._throttle
        throttle._held = throttle._held[-29 - 13 * 250 :]
        heard = await bench.hears()
        async with asyncio.timeout(WITHIN):
            while not bench.transport.reading:
                heard += await bench.hears()
        heard += await bench.hears()
        assert heard[-1] == m.PongEvent(ref="last")


async def test_a_flood_from_one_address_is_slow_for_all_of_it() -> None:
    bounds = Bounds(requests=(1.0, 1.0))
    async with bench_of(rate=(1e6, 1e6), bounds=bounds) as bench:
        for number in range(61):
            assert bench.transport.reading
            bench.says(*[m.Ping() for _ in range(100)])
        assert not bench.transport.reading


async def test_a_lost_connection_discards_its_held_lines() -> None:
    async with bench_of(rate=(1.0, 1.0)) as bench:
        bench.says(*[m.Ping() for _ in range(1000)])
        bench.connection.connection_lost(None)
        assert not bench.connection._flow._throttle.held
        bench.connection._flow._waited()


async def test_reading_goes_on_only_when_nothing_prevents_it() -> None:
    async with bench_of(rate=(1.0, 1.0)) as bench:
        for _ in range(4):
            bench.says(*[m.Ping() for _ in range(100)])
        assert not bench.transport.reading
        bench.connection.pause_writing()
        bench.connection.resume_writing()
        assert not bench.transport.reading, "the flood is not over"
        bench.connection.pause_writing()
        bench.connection._flow._waited()
        assert not bench.transport.reading, "the client does not read"
        bench.connection.resume_writing()
        assert bench.transport.reading


async def test_without_a_rate_lines_are_read_as_they_come() -> None:
    async with bench_of() as bench:
        bench.says(*[m.Ping() for _ in range(10_000)])
        assert bench.transport.reading and len(await bench.hears()) == 10_000


async def test_many_bytes_under_way_stop_the_reading_before_many_requests_do() -> None:
    async with bench_of() as bench:
        bench.says(m.Hello(nick="ana"))
        bench.broker.answer("claim", claimed("ana", ["general"]))
        for number in range(100):
            assert bench.transport.reading == (number <= 64)
            if bench.transport.reading:
                bench.says(m.Send(room="general", text="x" * 4000))
        assert limited(bench, "backlog") == 1


# Over a socket


async def test_a_refused_client_can_read_why() -> None:
    async with bench_of(bounds=Bounds(clients=1)) as bench, served(bench) as (reader, writer):
        writer.write(codec.encode(m.Hello(nick="ana")))
        lines = (await asyncio.wait_for(reader.read(), WITHIN)).splitlines()
        error, bye = [codec.decode_event(line) for line in lines]
        assert isinstance(error, m.Error) and error.retry_after_ms
        assert isinstance(bye, m.Bye) and bye.retry_after_ms
