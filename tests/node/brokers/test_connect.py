"""A connection that was lost says so in redis-py's words, whatever the event loop calls it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis

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


async def _write_to_a_closed(client: "Redis") -> None:
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    writer = connection._writer
    writer.transport.abort()
    await writer.wait_closed()
    with pytest.raises(exceptions.ConnectionError, match="closed while writing"):
        await connection.send_command("PING")
    await pool.release(connection)
