"""Health and metrics: what each page answers, and that no client can hang or harm the server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.net.request_head import HEAD_MOST
from node.telemetry.health_http import CONNECTIONS_MOST, HttpConnection, Pages, listen

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def pages(reason: str | None = None, away: Sequence[str] = ()) -> Pages:
    return Pages(lambda: reason, lambda: b"chat_clients 3\n", lambda: away)


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: node\r\n\r\n".encode()


def status(response: bytes) -> int:
    return int(response.split(b" ", 2)[1])


def body(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[2]


class StuckTransport(asyncio.Transport):
    """A transport whose bytes never get out, so that closing it does not end it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        pass

    def abort(self) -> None:
        self.aborted.set()


@asynccontextmanager
async def serving(life: float = 60.0) -> AsyncIterator[Connect]:
    server = await listen("127.0.0.1", 0, lambda: None, lambda: b"m" * 4_000_000, life=life)
    port = server.sockets[0].getsockname()[1]
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
            try:
                await writer.wait_closed()
            except OSError:
                pass
        await server.wait_closed()


def test_healthz_is_alive() -> None:
    response = pages().respond(get("/healthz"))
    assert status(response) == 200
    assert body(response) == b"alive\n"
    assert b"\r\nConnection: close\r\n" in response


def test_readyz_is_ready() -> None:
    response = pages().respond(get("/readyz"))
    assert status(response) == 200 and body(response) == b"ready\n"


def test_readyz_gives_the_reason_in_one_line() -> None:
    response = pages("no probe\r\ncame back").respond(get("/readyz"))
    assert status(response) == 503
    assert body(response) == b"no probe came back\n"


def test_readyz_names_the_servers_that_a_ready_node_does_without() -> None:
    response = pages(away=["a:7001", "b:7002"]).respond(get("/readyz"))
    assert status(response) == 200
    assert body(response) == b"ready; without a:7001, b:7002\n"
    response = pages("the broker is away", away=["a:7001"]).respond(get("/readyz"))
    assert status(response) == 503 and body(response) == b"the broker is away\n"


def test_metrics_are_prometheus_text() -> None:
    response = pages().respond(get("/metrics"))
    assert status(response) == 200
    assert body(response) == b"chat_clients 3\n"
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n" in response


def test_head_has_the_length_and_no_body() -> None:
    response = pages().respond(get("/metrics", "HEAD"))
    assert status(response) == 200
    assert b"Content-Length: 15\r\n" in response
    assert body(response) == b""


@pytest.mark.parametrize("target", ["/healthz?full=1", "http://node:8080/healthz", "/healthz?"])
def test_a_target_may_have_a_query_or_a_host(target: str) -> None:
    assert status(pages().respond(get(target))) == 200


@pytest.mark.parametrize("target", ["/", "/healthz/", "/HEALTHZ", "*", "http://node", "//healthz"])
def test_other_paths_are_not_found(target: str) -> None:
    assert status(pages().respond(get(target))) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "get", "OPTIONS"])
def test_other_methods_are_not_allowed(method: str) -> None:
    response = pages().respond(get("/readyz", method))
    assert status(response) == 405
    assert b"Allow: GET, HEAD\r\n" in response


@pytest.mark.parametrize(
    "head", [b"", b"\r\n\r\n", b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/2\n\n", b"\xff\0 \n\n"]
)
def test_an_invalid_head_is_a_bad_request(head: bytes) -> None:
    assert status(pages().respond(head)) == 400


def test_http_1_0_is_answered_too() -> None:
    assert status(pages().respond(b"GET /readyz HTTP/1.0\r\n\r\n")) == 200


def test_a_page_that_fails_is_an_internal_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> bytes:
        raise RuntimeError("out of order")

    with caplog.at_level(logging.ERROR):
        response = Pages(lambda: None, fail).respond(get("/metrics"))
    assert status(response) == 500
    assert b"out of order" not in response
    assert "out of order" in caplog.text


@given(st.binary(max_size=200) | st.builds(lambda noise: b"GET " + noise, st.binary()))
def test_garbage_gets_a_response(head: bytes) -> None:
    assert 200 <= status(pages().respond(head)) < 600


async def test_a_request_in_single_bytes_is_answered() -> None:
    async with serving() as connect:
        reader, writer = await connect()
        for byte in get("/healthz"):
            writer.write(bytes([byte]))
            await writer.drain()
        assert body(await reader.read()) == b"alive\n"


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
async def test_either_end_of_line_will_do(end: bytes) -> None:
    async with serving() as connect:
        reader, writer = await connect()
        writer.write(b"GET /healthz HTTP/1.1" + end + b"more")
        assert status(await reader.read()) == 200


async def test_a_client_that_closed_its_side_is_still_answered() -> None:
    async with serving() as connect:
        reader, writer = await connect()
        writer.write(get("/metrics"))
        writer.write_eof()
        assert len(body(await reader.read())) == 4_000_000


async def test_a_head_that_is_too_long_is_refused() -> None:
    async with serving() as connect:
        reader, writer = await connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * HEAD_MOST)
        assert status(await reader.readline()) == 431


async def test_a_request_that_never_ends_is_hung_up_on() -> None:
    async with serving(life=0.01) as connect:
        reader, writer = await connect()
        writer.write(b"GET /healthz")
        await ends(reader)


async def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    transport = StuckTransport()
    connection = HttpConnection(pages(), set(), life=0.01)
    connection.connection_made(transport)
    connection.data_received(get("/metrics"))
    connection.data_received(b"more")
    assert status(transport.written) == 200
    await transport.aborted.wait()
    connection.connection_lost(None)


async def test_connections_are_bounded_and_room_is_made_again() -> None:
    async with serving() as connect:
        kept = [await connect() for _ in range(CONNECTIONS_MOST)]
        one_more, _ = await connect()
        await ends(one_more)
        reader, writer = kept[0]
        writer.write(get("/healthz"))
        assert status(await reader.read()) == 200
        reader, writer = await connect()
        writer.write(get("/healthz"))
        assert status(await reader.read()) == 200


async def ends(reader: asyncio.StreamReader) -> None:
    """Wait until the node hangs up; to abort is to reset."""
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass
