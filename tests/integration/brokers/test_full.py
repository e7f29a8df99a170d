"""A Redis that is full, and evicts nothing: what frees or only reads still works."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from node.brokers import connect
from node.brokers.lease import FORMAT
from node.core.model import Restored, Stored, Unavailable
from tests.integration.brokers.bench import AT_REST, REAPING, WITHIN, Losses, Node, Place
from tests.integration.brokers.test_restore import memory, restore
from tests.support.redis_server import RedisServer


@pytest_asyncio.fixture(params=[False, True], ids=["", "lossy"])
async def place(request: pytest.FixtureRequest, server: RedisServer) -> AsyncIterator[Place]:
    """A real Redis that can be full."""
    async with Place(connect.redis(server.url), Losses(request.param)) as place:
        yield place


async def fill(place: Place) -> None:
    """Let Redis refuse whatever makes it grow."""
    await place.redis.config_set("maxmemory", 1)


async def empty(place: Place) -> None:
    """Let Redis take anything again."""
    await place.redis.config_set("maxmemory", 0)


async def until_renewed(place: Place, node: Node) -> None:
    """Wait until the lease of a node has been renewed after now."""
    before = await place.redis.zrange("chat:{c}:nodes", 0, -1, withscores=True)
    async with asyncio.timeout(WITHIN):
        while await place.redis.zrange("chat:{c}:nodes", 0, -1, withscores=True) == before:
            await asyncio.sleep(0.01)


async def test_a_message_for_a_full_redis_is_refused_at_once_and_taken_when_there_is_room(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.hello("s2", "bo")
    await fill(place)
    started = time.monotonic()
    assert await node.say(ana, "tea", "one", "t1") is Unavailable.FULL
    assert await node.direct(ana, "bo", "hi", "t2") is Unavailable.FULL
    assert await node.ask("claim", node.claim_of("s3", "cy")) is Unavailable.FULL
    assert await node.ask("join", ana, "new", True) is Unavailable.FULL
    assert time.monotonic() - started < WITHIN
    await empty(place)
    assert isinstance(await node.say(ana, "tea", "one", "t1"), Stored)


async def test_a_repeat_is_known_though_redis_is_full(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    first = await node.say(ana, "tea", "one", "t1")
    await fill(place)
    assert await node.say(ana, "tea", "one", "t1") == first


async def test_a_lease_is_renewed_and_contact_is_kept_though_redis_is_full(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await fill(place)
    await until_renewed(place, node)
    since = node.broker._context.contact.since
    assert await node.say(ana, "tea", "one") is Unavailable.FULL
    assert node.broker.unready() is None
    if not place.losses.wanted:
        assert since is not None and node.broker._context.contact.since == since


async def test_who_leaves_frees_what_they_held_though_redis_is_full(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea", "milk"))
    bo, _ = await node.hello("s2", "bo", rooms=("tea",))
    await fill(place)
    assert isinstance(await node.ask("leave", ana, "tea"), tuple)
    node.broker.part(ana, True)
    node.broker.part(bo, False)
    await node.idle()
    kinds = [kind for kind, _ in await node.log("r:tea")]
    assert kinds == ["e", "e", "l"] and not await place.redis.exists("chat:{c}:session:s1")
    assert await place.redis.zscore("chat:{c}:grace", "s2") is not None
    assert await node.ask("members", "tea", "") == (["bo"], False)
    assert [name for name, _ in (await node.ask("rooms", ""))[0]] == ["general", "milk", "tea"]
    assert (await node.ask("history", "tea", "before", "", 5))[1] == []
    await node.top("r:tea")


async def test_a_full_redis_is_reaped(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.run("part", "o1", *ana, "lost", 1)
    dead = ("dead", 1, FORMAT, "e", 1, "{}", 200, 1000)
    await place.run("renew", *dead)
    await fill(place)
    await place.node(replace(REAPING, room_idle=0))
    async with asyncio.timeout(WITHIN):
        while await place.redis.exists("chat:{c}:session:s1", "chat:{r:tea}", "chat:{r:tea}:log"):
            await asyncio.sleep(0.01)
        while await place.redis.zscore("chat:{c}:nodes", "dead"):
            await asyncio.sleep(0.01)


async def test_moderators_reach_a_full_redis(place: Place) -> None:
    node = await place.node()
    await node.hello("s1", "ana", rooms=("tea",))
    await node.hello("s2", "bo", rooms=("milk",))
    async with place.moderator() as moderator:
        await moderator.ban_nick("cy", 60, "")
        await fill(place)
        assert await moderator.kick("ana", "") == "ana"
        assert await moderator.close("milk", "") == 1
        assert await moderator.unban("nick:cy")
        await moderator.ban_network("192.0.2.0/24", 60, "")
        assert [order.what for order in await moderator.bans()] == ["192.0.2.0/24"]


async def test_a_session_is_taken_up_again_though_redis_is_full(place: Place) -> None:
    node = await place.node()
    await node.hello("s1", "ana", rooms=("tea",))
    await fill(place)
    _, claimed = await node.hello("s1", rooms=("tea",))
    assert claimed.resumed


async def test_a_lease_that_was_over_is_no_reason_to_end_sessions_of_a_full_redis(
    place: Place,
) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.run("part", "o1", *hold, "lost", 60_000)
    await fill(place)
    assert isinstance(await restore(node, memory(node, hold, "ana", "tea")), Restored)


async def test_replicas_are_waited_for_though_redis_is_full(place: Place) -> None:
    await fill(place)
    node = await place.node(replace(AT_REST, replicas=1), ready=False)
    async with asyncio.timeout(WITHIN):
        # There are none here, so nothing counts as done; but Redis took what they would get.
        while int(await place.redis.get("chat:{c}:waits") or 0) < 2:
            await asyncio.sleep(0.01)
    assert node.broker.unready() is not None
