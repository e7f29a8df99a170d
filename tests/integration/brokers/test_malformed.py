"""Nothing that Redis answers or tells ends a node: it is counted, dropped, and looked up again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.brokers import connect
from node.brokers.admin_client import ClusterFacts
from node.brokers.server_clients import Trouble
from node.core.entries import UNKNOWN
from node.core.model import Stored, Unavailable
from node.telemetry.metrics import Metrics
from node.telemetry.prometheus import render
from tests.integration.brokers.bench import REAPING, WITHIN, Losses, Node, Place
from tests.support.redis_server import RedisServer

LOG, LIVE = "chat:{r:tea}:log", "chat:{r:tea}:live"


@pytest.fixture
def node_at_rest() -> Node:
    """A node whose broker does not run: it is only told things."""
    return Node("x", connect.memory(), REAPING)


# What is told


FRAMES = [
    b"log r:tea",
    b"log x",
    b"log r:tea e 5 x",
    b"log r:tea e 5 x\nm",
    b"log r:tea e 5 x\nm id 1 -",
    b"log r:tea e 0 x\nm id 1 -\nbody",
    b"log r:tea e -5 x\nm id 1 -\nbody",
    b"log r:tea e 5 x\nm id when -\nbody",
    b"log r:tea e 5 x\nm i\xffd 1 -\nbody",
    b"log r:tea \xff 5 x\nm id 1 -\nbody",
    b"log r:tea e 5 x\nm id 1 - home 7\nbody",
    b"log r:\xff e 5 x\nm id 1 -\nbody",
    b"log r:tea e 5 x\nm id 1 -\nbody\nm",
    b"log r:tea e " + b"9" * 5000 + b" x\nm id 1 -\nbody",
]


@pytest.mark.parametrize("payload", FRAMES)
async def test_a_malformed_frame_is_dropped_and_its_log_is_looked_at(
    payload: bytes, node_at_rest: Node
) -> None:
    node_at_rest.broker._dispatch.take(payload)
    assert node_at_rest.events.frames == [] and node_at_rest.metrics.malformed == 1
    tea = payload.startswith(b"log r:tea")
    looked = {b"log x": [("differs", "x")]}.get(payload, [("differs", "r:tea")] if tea else [])
    assert node_at_rest.events.told == looked


@pytest.mark.parametrize(
    "payload",
    [b"probe", b"probe soon", b"moved", b"moved x", b"moved \xff y", b"announce", b"announce {}"],
)
async def test_other_malformed_messages_are_dropped(payload: bytes, node_at_rest: Node) -> None:
    node_at_rest.broker._dispatch.take(payload)
    assert node_at_rest.events.told == [] and node_at_rest.metrics.malformed == 1


async def test_what_a_later_version_tells_is_passed_over(node_at_rest: Node) -> None:
    for payload in (b"", b"news", b"news of it", b"\xff\n\0"):
        node_at_rest.broker._dispatch.take(payload)
    assert node_at_rest.events.told == [] and node_at_rest.metrics.malformed == 0


async def test_a_fault_of_the_core_is_not_taken_for_a_malformed_message(
    node_at_rest: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise KeyError("ours")

    for name in ("frame", "moved"):
        monkeypatch.setattr(node_at_rest.events, name, fault)
    for payload in (b"log r:tea e 5 x\nm id 1 -\nbody", b"moved s o"):
        with pytest.raises(KeyError):
            node_at_rest.broker._dispatch.take(payload)


async def test_malformed_messages_do_not_fill_the_log(
    node_at_rest: Node, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        node_at_rest.broker._dispatch.take(b"log r:tea secret")
    assert node_at_rest.metrics.malformed == 1000
    assert caplog.text.count("\n") == 1 and "secret" not in caplog.text


words = st.sampled_from([b"log", b"r:tea", b"e", b"5", b"-1", b"x", b"\n", b"m id 1 -", b"\xff"])
texts = st.lists(words, max_size=9).map(b" ".join)


@given(st.sampled_from([b"log", b"probe", b"moved", b"orders", b"announce", b""]), st.data())
def test_any_bytes_on_a_channel_are_taken(kind: bytes, data: st.DataObject) -> None:
    node = Node("x", connect.memory(), REAPING)
    logging.disable()
    try:
        rest = data.draw(st.one_of(st.binary(max_size=60), texts))
        node.broker._dispatch.take(kind + b" " + rest)
        node.broker._dispatch.take(rest)
    finally:
        logging.disable(logging.NOTSET)


# What is answered

scalars = st.one_of(
    st.integers(),
    st.none(),
    st.binary(max_size=9),
    st.just(b"ok"),
    st.just(b"on"),
    st.just(b"k-1-x"),
)
answers = st.recursive(scalars, lambda inner: st.lists(inner, max_size=6), max_leaves=20)


@given(st.dictionaries(st.sampled_from(["hello", "publish", "tail", "renew"]), answers))
def test_any_answers_to_calls_are_taken(found: dict[str, Any]) -> None:
    node = Node("x", connect.memory(), REAPING)
    logging.disable()
    try:
        told: list[Any] = []
        node.broker.claim(node.claim_of("s1", "ana"), node.deadline(), told.append)
        node.broker.tail("r:tea", 5, told.append)
        node.broker._renewal.renew()
        node.broker._heads.compare()
        node.broker._upkeep.reap()
        pipeline = node.broker._context.shards.control.pipeline
        batch = pipeline._lanes.take()
        answered = [found.get(call.script) for call, _ in batch]
        settle = pipeline._settle([call for call, _ in batch], answered, 0.0)
        with contextlib.suppress(StopIteration):
            settle.send(None)
        settle.close()
        assert len(told) == 2
    finally:
        logging.disable(logging.NOTSET)


async def test_a_malformed_reply_refuses_what_was_asked_and_nothing_else(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.redis.hset("chat:{r:tea}", "id", b"\xff ")
    assert await node.ask("tail", "r:tea", 5, timed=False) is Unavailable.INTERNAL
    await place.redis.hset("chat:{r:tea}:sent:s1", "t1", "9999999999999 nonsense")
    assert await node.say(ana, "tea", "one", "t1") is Unavailable.INTERNAL
    assert isinstance(await node.say(ana, "tea", "two", "t2"), Stored)
    assert node.metrics.malformed >= 2


# What is kept


@pytest.mark.parametrize(
    "fields",
    [
        ("x", "y"),
        ("h", "m"),
        ("h", "m id", "b", "x"),
        ("b", "x", "h", "m id 1 -"),
        ("h", "", "b", ""),
    ],
    ids=str,
)
async def test_a_malformed_entry_keeps_its_place_and_is_no_news(
    place: Place, fields: tuple[str, ...]
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    one = await node.say(ana, "tea", "one")
    top = await node.top("r:tea")
    pairs: dict[Any, Any] = dict(zip(fields[::2], fields[1::2], strict=True))
    await place.redis.xadd(LOG, pairs, id=f"{top.offset + 1}-0")
    await place.redis.hset("chat:{r:tea}", mapping={"top": top.offset + 1, "id": "zz"})
    assert isinstance(await node.say(ana, "tea", "two", "t2"), Stored)
    found = await node.ask("read", "r:tea", top, UNKNOWN, 10, timed=False)
    assert found.on and [entry.offset for entry in found.entries] == [
        top.offset + 1,
        top.offset + 2,
    ]
    assert [entry.kind for entry in found.entries] == [b"?", b"m"] and isinstance(one, Stored)
    page = await node.ask("history", "tea", "before", "", 10)
    assert [entry.kind for entry in page[1]] == [b"m", b"m"]
    # A repeat after a lost reply looks through the newest entries.
    args = ("tea", 1000, 0, "", 0, "", 1, "idx", *ana, "", '"x":1}')
    assert (await place.run("publish", *args, log="r:tea"))[0] == b"ok"


async def test_garbage_on_a_channel_does_not_disturb_those_who_talk(server: RedisServer) -> None:
    async with server.client() as redis, connected(server) as node:
        ana, _ = await node.hello("s1", "ana", rooms=("tea",))
        node.broker.watch("r:tea")
        async with asyncio.timeout(WITHIN):
            while not await redis.spublish(LIVE, b"log r:tea"):
                await asyncio.sleep(0.01)
        await node.events.hears("differs", "r:tea")
        await node.say(ana, "tea", "one")
        await node.events.until(lambda: len(node.events.frames) > 0)


@asynccontextmanager
async def connected(server: RedisServer) -> AsyncIterator[Node]:
    """Run a node at a real Redis."""
    async with Place(connect.redis(server.url), Losses(False)) as place:
        yield await place.node()


# What is no Redis


@pytest.mark.parametrize(
    "said, shown",
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH server"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "an HTTP server"),
        (b"\x15\x03\x03\0\x02\x02\x50", "TLS"),
        (b"+OK\r\n" * 50, ""),
        (b"-ERR unknown\r\n" * 50, ""),
        (b"*3\r\n:1\r\n:2\r\n:3\r\n" * 50, ""),
        (b"\0\xff\n", "is not Redis"),
    ],
)
async def test_a_node_keeps_trying_what_is_no_redis(
    said: bytes, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    connections = 0
    enough = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 6:
            enough.set()
        with contextlib.suppress(OSError):
            # Whoever closes before something was written to it is not heard.
            await reader.read(1)
            writer.write(said)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    node = Node("x", connect.redis(f"redis://127.0.0.1:{port}/0"), REAPING)
    task = asyncio.create_task(node.broker.run(node.events))
    async with asyncio.timeout(20):
        await enough.wait()
    assert not task.done() and node.broker.unready() is not None
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    listening.close()
    assert shown in caplog.text and "Traceback" not in caplog.text
    assert len(caplog.records) < 6, "a line for each attempt"


def test_metrics_tell_of_what_is_malformed() -> None:
    assert b'chat_malformed_total{node=""} 0.0' in render({"": Metrics()})


async def test_a_node_ends_at_whatever_moment_of_connecting_it_is_told_to() -> None:
    went = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        went.set()
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    for turns in range(12):
        went.clear()
        node = Node("x", connect.redis(f"redis://127.0.0.1:{port}/0"), REAPING)
        task = asyncio.create_task(node.broker.run(node.events))
        await went.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=WITHIN)
        assert done, turns
    listening.close()


async def test_moderators_are_shown_what_there_is_beside_what_no_node_has_written(
    place: Place,
) -> None:
    node = await place.node()
    about = "chat:{c}:about:" + node.broker._lease.incarnation
    async with place.moderator() as moderator:
        await place.redis.zadd("chat:{c}:nodes", {"other": 2e12})
        await place.redis.hset("chat:{c}:about:other", mapping={"facts": "nonsense", "since": "x"})
        rows = {row.incarnation: row for row in await moderator.nodes()}
        assert rows["other"].since is None and rows["other"].facts == ClusterFacts()
        assert rows[about[len("chat:{c}:about:") :]].facts.name == "bench"
        await place.redis.hset("chat:{c}:orders", mapping={"net:x": "7 ", "kick:s1": "x"})
        await node.hello("s1", "ana")
        assert await moderator.bans() == []
        await place.redis.set("chat:{c}:format", "two")
        with pytest.raises(Trouble):
            await moderator.check()
