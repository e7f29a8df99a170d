"""Redis hangs, dies and comes back: calls are refused in time, or done once it answers again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis import exceptions

from node.brokers import connect, keys
from node.brokers.calls import SimpleCall
from node.brokers.contact import Contact
from node.brokers.malformed import ProblemLog
from node.brokers.pipeline import Pipeline
from node.core.model import Failure, Stored, Unavailable
from node.telemetry.metrics import Metrics
from tests.integration.brokers.bench import AT_REST, Losses, Node, Place, wait
from tests.support.redis_server import RedisServer


class Outage:
    """A node at a Redis that a test may hang or kill."""

    def __init__(self, server: RedisServer, place: Place, node: Node) -> None:
        self.server = server
        self.place = place
        self.node = node


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    """Redis that writes each change to disk before it tells of it."""
    server = RedisServer(tmp_path, appendonly="yes", appendfsync="always")
    await server.start()
    async with Place(connect.redis(server.url), Losses(False)) as place:
        yield Outage(server, place, await place.node(AT_REST))
    server.resume()
    await server.kill()


async def test_what_redis_does_not_answer_in_time_is_unavailable_though_it_hangs(
    outage: Outage,
) -> None:
    node = outage.node
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    outage.server.pause()
    post, said = node.post(hold, "hi", "1", within=0.2)
    node.broker.publish("tea", post)
    joined: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    node.broker.join(hold, "milk", True, node.deadline(0.2), joined.set_result)
    assert (
        await wait(said) is Unavailable.UNREACHABLE
        and await wait(joined) is Unavailable.UNREACHABLE
    )
    outage.server.resume()
    assert isinstance(await wait(node.say(hold, "tea", "hi", "1")), Stored)
    assert await node.texts("r:tea") == ["hi"]


async def test_what_is_asked_while_redis_is_away_is_done_once_it_is_back(outage: Outage) -> None:
    node = outage.node
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.watch("r:tea")
    await node.events.hears("confirmed", "r:tea")
    said = [node.say(hold, "tea", f"t{number}", str(number)) for number in range(5)]
    await outage.server.kill()
    said += [node.say(hold, "tea", f"t{number}") for number in range(5, 10)]
    await outage.server.start()
    await asyncio.gather(*map(wait, said))
    await node.events.hears("confirmed", "r:tea")
    assert await node.texts("r:tea") == [f"t{number}" for number in range(10)]
    last = node.say(hold, "tea", "last")
    await node.events.until(
        lambda: any(b"last" in e.body for f in node.events.frames for e in f.entries)
    )
    assert isinstance(await wait(last), Stored)
    assert node.metrics.broker_reconnects >= 1


async def test_every_lost_connection_is_followed_by_one_repeat_and_no_double(
    outage: Outage,
) -> None:
    node = outage.node
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    said = []
    for number in range(200):
        said.append(node.say(hold, "tea", f"t{number}", str(number) if number % 3 else ""))
        if number % 20 == 0:
            await outage.place.redis.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0)
    await asyncio.gather(*map(wait, said))
    assert await node.texts("r:tea") == [f"t{number}" for number in range(200)]


async def test_a_session_is_let_go_however_long_redis_is_away(outage: Outage) -> None:
    node = outage.node
    hold, _ = await node.hello("s1", "ana")
    await outage.server.kill()
    node.broker.part(hold, quit=True)
    node.broker._context.shards.control.pipeline.expire()
    await outage.server.start()
    await node.idle()
    _, found = await node.hello("s2", "ana")
    assert not found.resumed


async def test_logs_whose_newest_entry_was_missed_are_noticed_by_their_tops(
    outage: Outage,
) -> None:
    node = outage.node
    hold, _ = await node.hello("s1", "ana", rooms=["tea", "milk"])
    for room in ("tea", "milk"):
        node.events.known["r:" + room] = await node.top("r:" + room)
    other, _ = await node.hello("s2", "bo", rooms=["milk"])
    await node.direct(other, "ana", "hi")
    node.events.unseen = ["i:s1", "i:s2"]
    node.broker._dispatch.confirm(b"chat:{c}:node:inc")
    await node.idle()
    differs = [what for what in node.events.told if what[0] == "differs"]
    assert set(differs) == {("differs", "r:milk"), ("differs", "i:s1")}


async def test_a_connection_that_rests_is_replaced_without_a_loss(outage: Outage) -> None:
    async with outage.server.client() as client:
        metrics, clock, contact = Metrics(), lambda: 0.0, Contact()
        pipeline = Pipeline(client, clock, metrics, ProblemLog(metrics, clock), 0, contact)
        pool: Any = client.connection_pool
        pool.connection_kwargs["redis_connect_func"] = pipeline.connected
        running = asyncio.create_task(pipeline.run())
        for _ in range(2):
            replies: list[Any] = []
            declared = keys.waits("c")
            pipeline.call(SimpleCall("waits", [], 1e9, replies.append, declared=declared))
            await pipeline.idle()
            assert not isinstance(replies[0], Failure)
            await pipeline.rest()
        running.cancel()
        assert contact.breaks == 0


async def test_a_call_that_comes_just_before_the_rest_is_not_lost(outage: Outage) -> None:
    client = connect.redis(outage.server.url)(5.0)
    metrics, clock, contact = Metrics(), lambda: 0.0, Contact()
    pipeline = Pipeline(client, clock, metrics, ProblemLog(metrics, clock), 0, contact)
    client.connection_pool.connection_kwargs["redis_connect_func"] = pipeline.connected
    running = asyncio.create_task(pipeline.run())
    replies: list[Any] = []
    for _ in range(2):
        declared = keys.waits("c")
        pipeline.call(SimpleCall("waits", [], 1e9, replies.append, declared=declared))
        if replies:
            await asyncio.sleep(0)
            await pipeline.rest()
        await pipeline.idle()
    running.cancel()
    await client.aclose()
    assert replies == [1, 2] and contact.breaks == 0


async def test_a_connection_that_was_given_up_is_ended_before_the_next_one_is_used(
    outage: Outage,
) -> None:
    async with outage.server.client() as client:
        metrics, clock = Metrics(), lambda: 0.0
        pipeline = Pipeline(client, clock, metrics, ProblemLog(metrics, clock))
        pool: Any = client.connection_pool
        first, second = pool.make_connection(), pool.make_connection()
        await first.connect()
        await pipeline.connected(first)
        pipeline._connects = True  # As after a failure, of which Redis may know nothing yet.
        await second.connect()
        await pipeline.connected(second)
        with pytest.raises(exceptions.ConnectionError):
            await first.send_command("PING")
            await first.read_response()
        await second.send_command("PING")
        assert await second.read_response() == b"PONG"
        await first.disconnect()
        await second.disconnect()
