"""What a client keeps secret is found nowhere: not in Redis, not on its way there, not in logs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from redis import asyncio as redis

from tests.support.lab import Lab
from tests.support.redis_server import RedisServer

KEY = "the-key-of-a-session-0123456789"
TOKEN = "the-token-of-the-system"
SECRETS = ("key-of-a-session", "token-of-the-system")


@contextlib.asynccontextmanager
async def overheard(server: RedisServer) -> AsyncIterator[list[bytes]]:
    """Give everything that Redis is told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"MONITOR\r\n")
    assert await reader.readline() == b"+OK\r\n"
    heard: list[bytes] = []

    async def listen() -> None:
        while data := await reader.read(65536):
            heard.append(data)

    task = asyncio.create_task(listen())
    yield heard
    writer.write(b"QUIT\r\n")
    async with asyncio.timeout(10):
        await task
    writer.close()


async def dumped(client: redis.Redis) -> bytes:
    """Return all that Redis holds, names and contents."""
    found = []
    async for name in client.scan_iter():
        found += [name, repr(await contents(client, name)).encode()]
    return b"\n".join(found)


async def contents(client: redis.Redis, name: bytes) -> object:
    kind = await client.type(name)
    if kind == b"hash":
        return await client.hgetall(name)
    if kind == b"set":
        return await client.smembers(name)
    if kind == b"zset":
        return await client.zrange(name, 0, -1)
    if kind == b"stream":
        return await client.xrange(name)
    return await client.get(name)


async def test_neither_key_nor_token_leaves_the_node(lab: Lab) -> None:
    server = await lab.redis(appendonly="yes", appendfsync="always")
    async with overheard(server) as heard, server.client() as client:
        flags = ("--log-level", "debug", "--rate", "0", "--drain", "0", "--grace", "5")
        nodes = [await lab.node(server, *flags, CHAT_TOKEN=TOKEN) for _ in "ab"]
        ana = await lab.connect(nodes[0].address)
        await ana.refused("hello", "bad-token", nick="ana", key=KEY, token=TOKEN + "?")
        await ana.refused("hello", "bad-nick", nick="a b", key=KEY, token=TOKEN)
        ana.send_line(b'{"type":"hello","nick":7,"key":"%b"}' % KEY.encode())
        await ana.expect("error", code="bad-request")
        await ana.hello("ana", key=KEY, token=TOKEN, attempt=1)
        bo = await lab.connect(nodes[1].address)
        await bo.hello("bo", key=KEY + "-other", token=TOKEN)
        await ana.say("general", "hi", "1")
        await bo.ask("direct", "ack", to="ana", text="psst", id="d")
        await ana.ask("nick", nick="cy")
        again = await lab.connect(nodes[1].address)
        await again.hello("", key=KEY, token=TOKEN, attempt=2)
        await ana.expect("bye", reason="replaced")
        late = await lab.connect(nodes[0].address)
        late.send("hello", key=KEY, token=TOKEN, attempt=1)
        await late.expect("bye", reason="replaced")
        again.send_line(b'{"type":"send","key":"%b"' % KEY.encode())
        await again.expect("bye", reason="protocol")
        held = await dumped(client)
        assert b"chat:{c}:session:" in held and b'"hi"' in held
        for node in nodes:
            node.terminate()
            await node.wait()
    await server.stop()
    kept = b"".join(path.read_bytes() for path in server.directory.rglob("*") if path.is_file())
    told = b"".join(heard)
    assert b"evalsha" in told.lower() and b"chat:{c}:session:" in kept
    events = "".join(str(talker.events) for talker in (ana, bo, again, late))
    for secret in SECRETS:
        assert secret.encode() not in held + kept + told
        assert secret not in events
        assert all(secret not in node.log for node in nodes)
