"""What is said over WebSocket, and who is let in."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import trustme
from websockets.asyncio.client import connect

from node.core.config import Limit
from node.core.limits.admission import Bounds
from node.net.tls import server_context
from tests.integration.net.web_bench import Raw, WebBench, closed, line, web_bench


@pytest.fixture
async def bench() -> AsyncIterator[WebBench]:
    async with web_bench() as bench:
        yield bench


# The conversation


async def test_requests_are_answered_in_order_with_pongs_between(bench: WebBench) -> None:
    async with bench.websocket() as client:
        assert bench.inside == 1
        await client.send('{"type":"ping","ref":"1"}')
        assert await line(client) == {"type": "pong", "ref": "1"}
        await client.send(['{"type":"pi', 'ng","ref":"2"}\n{"type":"ping","ref":"3"}'])
        frames = "".join([cast(str, await client.recv()) for _ in range(2)])
        assert [json.loads(each)["ref"] for each in frames.splitlines()] == ["2", "3"]
        async with asyncio.timeout(10):
            await (await client.ping())
    while bench.inside:
        await asyncio.sleep(0)


async def test_a_client_that_closes_gets_the_echo_and_its_session_begins_its_grace_period(
    bench: WebBench,
) -> None:
    client = await bench.websocket()
    count = len(bench.hub.registry.connections)
    await client.close(1000, "done")
    assert client.close_code == 1000
    while len(bench.hub.registry.connections) == count:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"binary", "bad-request"), ("no JSON", "bad-request"), ("x" * 20_000, "line-too-long")],
)
async def test_what_is_wrong_with_a_frame_is_answered_like_what_is_wrong_with_a_line(
    bench: WebBench, message: str | bytes, code: str
) -> None:
    client = await bench.websocket()
    await client.send(message)
    assert (await line(client))["code"] == code
    assert await line(client) == {"type": "bye", "reason": "protocol"}
    assert await closed(client) == (4500, "protocol")


async def test_a_quit_ends_with_the_code_of_a_normal_end(bench: WebBench) -> None:
    client = await bench.websocket()
    await client.send('{"type":"quit"}')
    assert await line(client) == {"type": "bye", "reason": "quit"}
    assert await closed(client) == (1000, "quit")


async def test_pings_that_flood_are_read_slowly() -> None:
    async with web_bench(rate=(20.0, 60.0)) as bench:
        async with bench.websocket() as client:
            for _ in range(400):
                await client.ping()
            while not bench.metrics.limited[Limit.LINES]:
                await asyncio.sleep(0)
            bench.time += 60


# Limits


@pytest.mark.parametrize("bounds", [Bounds(clients=1), Bounds(per_address=1, exempt=())])
async def test_a_client_over_a_limit_gets_503_and_the_reason(bounds: Bounds) -> None:
    async with web_bench(bounds=bounds) as bench:
        if bounds.per_address:
            first = await bench.websocket()
        raw = await Raw.to(bench)
        status, fields, body = await raw.hears()
        assert status == 503 and int(fields["retry-after"]) >= 1 and body.decode().endswith(".\n")
        raw.writer.close()
        assert bench.metrics.web_refused["limit"] == 1
        if bounds.per_address:
            await first.close()


async def test_a_visit_counts_for_its_address_until_it_ends() -> None:
    async with web_bench(bounds=Bounds(per_address=2)) as bench:
        for _ in range(5):
            visits = [await Raw.to(bench) for _ in range(2)]
            for raw in visits:
                raw.asks("/x")
                assert (await raw.hears())[0] == 404
            assert bench.limits.handshakes == 2
            async with asyncio.timeout(10):
                for raw in visits:
                    raw.writer.close()
                while bench.limits.handshakes:
                    await asyncio.sleep(0)


async def test_get_of_the_websocket_address_tells_why_the_node_is_full(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    raw.asks("/x")
    await raw.hears()
    bench.limits.set_memory(False)
    raw.asks("/ws")
    status, _, body = await raw.hears()
    assert status == 503 and b"full" in body
    raw.writer.close()


async def test_over_tls_the_same_is_served(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "node.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    trusts = ssl.create_default_context()
    authority.configure_trust(trusts)
    async with web_bench(tls=server_context(str(pem), str(pem))) as bench:
        uri = f"wss://localhost:{bench.port}/ws"
        async with connect(uri, ssl=trusts, compression=None, proxy=None) as client:
            await client.send('{"type":"ping"}')
            assert await line(client) == {"type": "pong"}
            await client.send('{"type":"quit"}')
            assert await closed(client) == (1000, "quit")


# The end


async def test_a_node_that_drains_ends_visits_with_their_present_answer(bench: WebBench) -> None:
    idle = await Raw.to(bench)
    idle.asks("/x")
    await idle.hears()
    client = await bench.websocket()
    bench.web.close()
    assert await idle.ends()
    await client.send('{"type":"ping"}')
    assert await line(client) == {"type": "pong"}
    await client.close()


async def test_a_connection_that_comes_while_a_node_drains_is_closed(bench: WebBench) -> None:
    bench.web.close()  # the listener is still open, as for a TLS handshake under way
    late = await Raw.to(bench)
    assert await late.ends()
