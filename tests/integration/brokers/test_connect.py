"""A connection that was lost says so in redis-py's words, whatever the event loop calls it."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis
from redis.commands import AsyncSentinelCommands

from node.brokers import connect
from tests.support.redis_server import RedisServer


def test_writing_to_a_closed_connection_is_a_lost_connection_with_uvloop_too(
    tmp_path: Path,
) -> None:
    async def write() -> None:
        server = RedisServer(tmp_path)
        await server.start()
        try:
            async with connect.redis(server.url)(2.0) as client:
                await _write_to_a_closed(client)
        finally:
            await server.kill()

    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(write())


@pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is there on Linux alone")
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("how", ["redis", "sentinel"])
def test_a_name_whose_first_address_is_deaf_is_reached_by_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, loop: str
) -> None:
    async def ping() -> None:
        server = RedisServer(tmp_path)
        await server.start()
        try:
            with deaf(server.port) as there:
                names = {"redis.test": [there, "127.0.0.1"], "alone.test": [there]}
                monkeypatch.setattr(socket, "getaddrinfo", resolver(names))
                monkeypatch.setattr(connect, "CONNECT_TIMEOUT", 3.0)  # for a busy machine
                hosts = [("alone.test", server.port), ("redis.test", server.port)]
                monkeypatch.setattr(AsyncSentinelCommands, "sentinel_masters", masters(server.port))
                made = (
                    connect.redis(f"redis://redis.test:{server.port}")
                    if how == "redis"
                    else connect.sentinel(hosts, "chat", 0, None, None)
                )
                async with made(2.0) as client:
                    assert await client.ping()
                    if how == "sentinel":
                        await getattr(client.connection_pool, "sentinel_manager").aclose()
        finally:
            await server.kill()

    factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(ping())


def masters(port: int) -> Callable[[Any], Awaitable[dict[str, Any]]]:
    """Return what Sentinels say of their masters; it is a Redis that is asked here."""

    async def told(sentinel: Any) -> dict[str, Any]:
        await sentinel.execute_command("PING")
        flags = {"is_master": True, "is_sdown": False, "is_odown": False}
        return {"chat": {**flags, "num-other-sentinels": 1, "ip": "redis.test", "port": port}}

    return told


def resolver(names: dict[str, list[str]]) -> Callable[..., Any]:
    """Return a getaddrinfo that knows some names besides."""
    genuine: Any = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, *args: Any, flags: int = 0, **how: Any) -> Any:
        if host not in names:
            return genuine(host, port, *args, flags=flags, **how)
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "it is a name")
        found = [(each, port or 0) for each in names[host]]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found]

    return getaddrinfo


@contextmanager
def deaf(port: int) -> Iterator[str]:
    """An address that answers no attempt to connect to a port: its queue is full."""
    host = "127.0.0.2"
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(4):  # one is taken, and one more by Linux
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
        yield host


async def _write_to_a_closed(client: "Redis") -> None:
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    writer = connection._writer
    writer.transport.abort()
    await writer.wait_closed()
    with pytest.raises(exceptions.ConnectionError, match="closed while writing"):
        await connection.send_command("PING")
    await pool.release(connection)
