"""Many commands at once over a connection of redis-py's, and what becomes of it when that fails."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis import exceptions

from node.brokers import connect
from node.brokers.connection import CommandRunner, RedisConnection
from tests.integration.brokers.bench import REAPING, Node
from tests.support.redis_server import RedisServer

WITHIN = 5.0


@pytest_asyncio.fixture
async def calls(server: RedisServer) -> AsyncIterator[CommandRunner]:
    """CommandRunner to it, which wait no longer than they have to."""
    client = connect.redis(server.url)(WITHIN)
    calls = CommandRunner(client)
    yield calls
    await calls.drop()
    await client.aclose()


async def test_replies_come_in_the_order_of_the_commands(calls: CommandRunner) -> None:
    commands = [("ECHO", b"%d" % number) for number in range(1000)]
    assert await calls.execute(commands) == [b"%d" % number for number in range(1000)]


async def test_a_reply_larger_than_a_read_comes_whole(calls: CommandRunner) -> None:
    data = bytes(range(256)) * 10_000
    assert await calls.execute([("SET", "k", data), ("GET", "k"), ("PING",)]) == [
        *(b"OK", data, b"PONG")
    ]


async def test_an_error_stands_among_the_replies_with_its_code(calls: CommandRunner) -> None:
    first, second, third = await calls.execute([("GET",), ("EVALSHA", "0" * 40, 0), ("PING",)])
    assert isinstance(first, exceptions.ResponseError) and str(first).startswith("ERR ")
    assert isinstance(second, exceptions.NoScriptError)
    assert third == b"PONG"


async def test_nested_replies_and_nothing_are_what_redis_py_makes_of_them(
    calls: CommandRunner,
) -> None:
    script = "return {1, 'a', {false, 'b'}}"
    assert await calls.execute([("EVAL", script, 0), ("GET", "nothing")]) == [
        *([1, b"a", [None, b"b"]], None)
    ]


async def test_a_connection_is_kept_until_it_fails(
    calls: CommandRunner, server: RedisServer
) -> None:
    [first], [second] = [await calls.execute([("CLIENT", "ID")]) for _ in range(2)]
    assert first == second
    async with server.client() as other:
        await other.client_kill_filter(_id=first)
    with pytest.raises(exceptions.ConnectionError):
        await calls.execute([("PING",)])
    [third] = await calls.execute([("CLIENT", "ID")])
    assert third != first


async def test_a_redis_that_hangs_is_given_up_in_time(server: RedisServer) -> None:
    client = connect.redis(server.url)(1.0)
    calls = CommandRunner(client)
    await calls.execute([("PING",)])
    server.pause()
    try:
        with pytest.raises(exceptions.TimeoutError):
            await calls.execute([("PING",)])
    finally:
        server.resume()
    assert await calls.execute([("ECHO", b"another")]) == [b"another"], "not the late reply"
    await calls.drop()
    await client.aclose()


async def test_who_stops_waiting_leaves_no_reply_for_the_next(
    calls: CommandRunner, server: RedisServer
) -> None:
    await calls.execute([("PING",)])
    server.pause()
    waiting = asyncio.create_task(calls.execute([("ECHO", b"late")]))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    server.resume()
    assert await calls.execute([("ECHO", b"new")]) == [b"new"]


async def test_all_that_one_read_brings_is_handed_on(server: RedisServer) -> None:
    heard: list[Any] = []
    full = asyncio.Event()

    def take(message: Any) -> None:
        heard.append(message)
        if len(heard) == 101:
            full.set()

    client = connect.redis(server.url)(None)
    pubsub = client.pubsub()
    await pubsub.ssubscribe(b"c")
    assert isinstance(pubsub.connection, RedisConnection)
    listening = asyncio.create_task(pubsub.connection.listen(take))
    async with server.client() as other, asyncio.timeout(WITHIN):
        for number in range(100):
            await other.spublish(b"c", b"%d" % number)
        await full.wait()
    assert heard[0][0] == b"ssubscribe"
    assert [message[2] for message in heard[1:]] == [b"%d" % number for number in range(100)]
    await server.kill()
    with pytest.raises(exceptions.ConnectionError):
        await listening
    await pubsub.aclose()
    await client.aclose()


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_broker_ends_at_whatever_moment_it_is_told_to(
    server: RedisServer, kind: str
) -> None:
    """In Python 3.11 ``asyncio.wait_for``, which redis-py uses, may swallow a cancellation."""
    for turns in range(40):
        connects = connect.memory() if kind == "memory" else connect.redis(server.url)
        node = Node("x", connects, REAPING)
        task = asyncio.create_task(node.broker.run(node.events))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=WITHIN)
        assert done, turns
