"""The web port behind proxies: whose address counts, and that its share is given back once."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from node.core.limits.admission import Bounds
from node.net.tls import server_context
from node.net.web.port import WebRules
from tests.integration.net.web_bench import UPGRADE, Raw, WebBench, web_bench

FORWARDED = WebRules(forwarded=True)


@asynccontextmanager
async def behind_proxy(**settings: Any) -> AsyncIterator[WebBench]:
    """Serve clients of proxies on loopback addresses; one connection for each client's address."""
    async with web_bench(FORWARDED, bounds=Bounds(per_address=1), **settings) as bench:
        bench.limits._proxies = (ip_network("127.0.0.0/8"),)
        yield bench


def addresses(bench: WebBench) -> set[str]:
    return {each.transport.address for each in bench.hub.registry.connections}


def counted(bench: WebBench) -> set[str]:
    """Return the addresses that limits count, but that of the bench's own connection."""
    return set(bench.limits._admission._here) - {"192.0.2.7"}


async def nobody_is_counted(bench: WebBench) -> None:
    async with asyncio.timeout(10):
        while counted(bench):
            await asyncio.sleep(0)


async def test_an_address_of_a_trusted_proxy_is_the_one_it_forwards() -> None:
    async with behind_proxy() as bench:
        forwarded = {"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 127.0.0.9"}
        first = await bench.websocket(additional_headers=forwarded)
        with pytest.raises(InvalidStatus) as refused:
            await bench.websocket(additional_headers=forwarded)
        assert refused.value.response.status_code == 503
        other = await bench.websocket(additional_headers={"X-Forwarded-For": "198.51.100.8"})
        assert {"198.51.100.7", "198.51.100.8"} <= addresses(bench)
        await first.close()
        await other.close()


async def test_a_forwarded_address_is_ignored_unless_it_is_asked_for() -> None:
    async with (
        web_bench() as bench,
        bench.websocket(additional_headers={"X-Forwarded-For": "198.51.100.8"}),
    ):
        assert "127.0.0.1" in addresses(bench) and "198.51.100.8" not in addresses(bench)


async def test_a_proxy_header_comes_before_the_request() -> None:
    async with web_bench(proxy=True) as bench:
        raw = await Raw.to(bench)
        raw.writer.write(b"PROXY TCP4 198.51.100.9 192.0.2.1 4711 80\r\n")
        raw.asks("/ws", *UPGRADE)
        assert (await raw.hears())[0] == 101
        assert "198.51.100.9" in addresses(bench)
        raw.writer.close()


async def test_a_proxy_header_may_come_before_a_forwarded_address() -> None:
    async with behind_proxy(proxy=True) as bench:
        raw = await Raw.to(bench)
        raw.writer.write(b"PROXY TCP4 127.0.0.9 192.0.2.1 4711 80\r\n")
        raw.asks("/ws", *UPGRADE, "X-Forwarded-For: 198.51.100.9")
        assert (await raw.hears())[0] == 101
        assert "198.51.100.9" in addresses(bench)
        raw.writer.close()


async def test_a_client_behind_a_proxy_header_cannot_forge_its_address() -> None:
    async with behind_proxy(proxy=True) as bench:
        raw = await Raw.to(bench)
        raw.writer.write(b"PROXY TCP4 198.51.100.1 192.0.2.1 4711 80\r\n")
        raw.asks("/ws", *UPGRADE, "X-Forwarded-For: 198.51.100.9")
        assert (await raw.hears())[0] == 101
        assert "198.51.100.1" in addresses(bench)
        raw.writer.close()


async def test_clients_of_a_proxy_that_only_ask_are_not_counted() -> None:
    async with behind_proxy() as bench:
        for address in ("198.51.100.1", "198.51.100.2", "127.0.0.9", "127.0.0.9"):
            raw = await Raw.to(bench)
            raw.asks("/x", f"X-Forwarded-For: {address}")
            assert (await raw.hears())[0] == 404
            raw.asks("/ws", f"X-Forwarded-For: {address}")
            assert (await raw.hears())[0] == 426
            assert not counted(bench)
            raw.writer.close()


async def test_requests_of_several_clients_may_come_on_one_connection_of_a_proxy() -> None:
    async with behind_proxy() as bench:
        for last in ("198.51.100.4", "127.0.0.9"):
            raw = await Raw.to(bench)
            raw.asks("/x", "X-Forwarded-For: 198.51.100.1")
            assert (await raw.hears())[0] == 404
            raw.asks("/ws", *UPGRADE, f"X-Forwarded-For: {last}")
            assert (await raw.hears())[0] == 101
            assert last in addresses(bench)
            raw.writer.close()
            await nobody_is_counted(bench)


async def test_a_proxy_that_speaks_tls_brings_more_clients_than_one_address_may_have(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    pem = tmp_path / "node.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    trusts = ssl.create_default_context()
    authority.configure_trust(trusts)
    async with behind_proxy(tls=server_context(str(pem), str(pem))) as bench:
        uri = f"wss://localhost:{bench.port}/ws"
        for last in "12":
            forwarded = {"X-Forwarded-For": f"198.51.100.{last}"}
            await connect(
                uri, ssl=trusts, proxy=None, compression=None, additional_headers=forwarded
            )
        assert {"198.51.100.1", "198.51.100.2"} <= addresses(bench)
