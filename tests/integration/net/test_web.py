"""The web port over real sockets: requests, and connections that become WebSockets."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from node.net.web import visit
from tests.integration.net.web_bench import UPGRADE, Raw, WebBench, asked, web_bench

CHAT = Subprotocol("chat.v1")


@pytest.fixture
async def bench() -> AsyncIterator[WebBench]:
    async with web_bench() as bench:
        yield bench


# Requests


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/etc/passwd", "//ws", "/ws/"])
async def test_other_paths_are_not_found(bench: WebBench, path: str) -> None:
    status, fields, _ = await asked(bench, path=path)
    assert status == 404 and fields["x-content-type-options"] == "nosniff"
    assert fields["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in fields


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
async def test_only_get_and_head_are_taken(bench: WebBench, method: str) -> None:
    status, fields, _ = await asked(bench, method=method)
    assert (status, fields["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("field", ["Content-Length: 3", "Transfer-Encoding: chunked"])
async def test_a_request_with_a_body_is_refused_and_the_connection_closed(
    bench: WebBench, field: str
) -> None:
    raw = await Raw.to(bench)
    raw.asks("/", field)
    raw.writer.write(b"GET /ws HTTP/1.1\r\n\r\n")
    assert (await raw.hears())[0] == 400 and await raw.ends()


async def test_a_connection_serves_requests_one_after_the_other_and_100_at_most(
    bench: WebBench,
) -> None:
    raw = await Raw.to(bench)
    for number in range(visit.REQUESTS_MOST):
        if number % 2:
            raw.asks("/x", method="HEAD")
            raw.writer.write(b"")
        else:
            raw.asks("/x")
    for number in range(visit.REQUESTS_MOST):
        head = (await raw.reader.readuntil(b"\r\n\r\n")).decode()
        assert "404" in head
        assert ("Connection: close" in head) is (number == visit.REQUESTS_MOST - 1)
        if not number % 2:
            await raw.reader.readline()
    assert await raw.ends()
    assert bench.metrics.web_requests[HTTPStatus.NOT_FOUND] == visit.REQUESTS_MOST


async def test_a_client_that_wants_to_close_gets_its_response_and_the_end(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    raw.asks("/", "Connection: close")
    assert (await raw.hears())[1]["connection"] == "close" and await raw.ends()


async def test_a_head_has_8_kib(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    raw.writer.write(b"GET /x HTTP/1.1\r\nX: " + b"x" * 9000)
    assert (await raw.hears())[0] == 431 and await raw.ends()


async def test_a_head_that_comes_byte_by_byte_is_taken(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    for byte in b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n":
        raw.writer.write(bytes([byte]))
        await raw.writer.drain()
        await asyncio.sleep(0)
    assert (await raw.hears())[0] == 404
    raw.writer.close()


@pytest.mark.parametrize("data", [b"", b"GET / HTTP"])
async def test_a_client_that_is_slow_is_disconnected(
    bench: WebBench, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "IDLE_MOST", 30.0 if data else 0.01)
    monkeypatch.setattr(visit, "HEAD_WITHIN", 0.01 if data else 30.0)
    raw = await Raw.to(bench)
    raw.writer.write(data)
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionResetError):
            while await raw.reader.read():
                pass
            raise ConnectionResetError
    raw.writer.close()


async def test_pages_of_strangers_are_refused_and_counted(bench: WebBench) -> None:
    assert (await asked(bench, host="evil.example"))[0] == 403
    assert (await asked(bench, "Origin: http://evil.example"))[0] == 403
    assert (await asked(bench, *UPGRADE, "Origin: http://evil.example", path="/ws"))[0] == 403
    assert (await asked(bench, host=None))[0] == 400
    assert bench.metrics.web_refused["origin"] == 3
    assert not bench.inside


# The handshake


async def test_a_client_without_an_upgrade_is_told_what_to_do(bench: WebBench) -> None:
    status, fields, _ = await asked(bench, path="/ws")
    assert (status, fields["upgrade"]) == (426, "websocket")
    # Kept open, it could take the place of the WebSocket connection that the page makes next.
    assert set(fields["connection"].split(", ")) == {"Upgrade", "close"}


async def test_the_subprotocol_is_chosen_if_it_is_offered(bench: WebBench) -> None:
    async with bench.websocket(subprotocols=[Subprotocol("other"), CHAT]) as client:
        assert client.subprotocol == CHAT
    async with bench.websocket() as client:
        assert client.subprotocol is None
    with pytest.raises(InvalidStatus) as refused:
        await bench.websocket(subprotocols=[Subprotocol("other")])
    assert refused.value.response.status_code == 400


async def test_no_extension_is_accepted(bench: WebBench) -> None:
    async with bench.websocket(compression="deflate") as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (("Upgrade: h2c", "Connection: Upgrade"), 426),
        (UPGRADE[:1] + UPGRADE[2:], 426),
        (UPGRADE[:2], 400),
        ((*UPGRADE[:2], "Sec-WebSocket-Key: x", UPGRADE[3]), 400),
        ((*UPGRADE[:3], "Sec-WebSocket-Version: 8"), 426),
    ],
)
async def test_a_bad_handshake_is_refused(
    bench: WebBench, fields: tuple[str, ...], status: int
) -> None:
    found, about, _ = await asked(bench, *fields, path="/ws")
    assert found == status
    # RFC 6455, 4.2.2: a client is told which version is spoken here.
    assert about.get("sec-websocket-version") == ("13" if status == 426 else None)
    assert not bench.inside


async def test_a_handshake_is_read_as_browsers_write_it(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    fields = ("upgrade: WebSocket", "CONNECTION: keep-alive, upgrade", *UPGRADE[2:])
    raw.asks("/ws", *fields, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    assert (await raw.hears())[0] == 101
    raw.writer.close()


async def test_bytes_that_come_with_the_handshake_are_not_lost(bench: WebBench) -> None:
    raw = await Raw.to(bench)
    raw.asks("/x", "A: b")
    raw.asks("/ws", *UPGRADE)
    raw.writer.write(b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}')
    assert (await raw.hears())[0] == 404
    status, fields, _ = await raw.hears()
    assert (status, fields["sec-websocket-accept"]) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    assert b'{"type":"pong"}\n' in await raw.reader.read(100)
    raw.writer.close()
