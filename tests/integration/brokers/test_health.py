"""A node checks how its Redis stores data, and tells moderators."""

import asyncio

import pytest

from node.brokers import connect
from node.brokers.health import Fault
from tests.integration.brokers.bench import WITHIN, Losses, Place
from tests.support.redis_server import RedisServer


async def test_a_node_tells_moderators_what_is_wrong_with_its_redis(server: RedisServer) -> None:
    async with Place(connect.redis(server.url), Losses(False)) as place:
        await place.redis.config_set("maxmemory", "1gb")
        await place.redis.config_set("maxmemory-policy", "allkeys-lru")
        node = await place.node()
        async with asyncio.timeout(WITHIN), place.moderator() as moderator:
            while not (rows := await moderator.nodes()) or not rows[0].facts.faults:
                await asyncio.sleep(0.02)
        assert rows[0].facts.faults == ["evicts", "forgets"]
        assert node.metrics.redis_faults[Fault.EVICTS] == 1


async def test_a_redis_that_does_not_tell_is_left_alone(server: RedisServer) -> None:
    async with Place(connect.redis(server.url), Losses(False)) as place:
        await place.redis.acl_setuser("default", enabled=True, nopass=True, commands=["-info"])
        node = await place.node()
        async with asyncio.timeout(WITHIN):
            while node.broker._health._allowed:
                await asyncio.sleep(0.02)
        assert node.metrics.malformed == 0 and node.broker._health.found == []
        await node.hello("s1", "ana", rooms=("tea",))


async def test_an_embedded_broker_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    async with Place(connect.memory(), Losses(False)) as place:
        node = await place.node()
        node.broker._health.look()
        await node.idle()
        assert node.metrics.malformed == 0 and "Redis refused" not in caplog.text
