"""`chat-node status` and `admin` find their way in a real Redis Cluster."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from node.brokers import connect
from node.brokers.server_clients import ServerClients, Trouble
from node.brokers.status_client import StatusClient
from node.config import redis_url
from node.core.model import Stored
from tests.integration.brokers.bench import AT_REST, Node, running
from tests.support.ports import free_port
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer


def topology_of(*ports: int) -> connect.Topology:
    """Return how to connect to a cluster by some of its servers."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return connect.to(redis_url.parse(f"redis+cluster://{hosts}"))


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[RedisCluster]:
    async with RedisCluster(tmp_path) as cluster:
        yield cluster


async def test_commands_go_where_the_keys_are_though_a_server_of_the_url_is_away(
    cluster: RedisCluster,
) -> None:
    topology = topology_of(free_port(), cluster.servers[0].port)
    async with StatusClient(topology) as moderator:
        with pytest.raises(Trouble, match="no node has ever run"):
            await moderator.check()
    node = Node("n10", topology, AT_REST)
    rooms = [cluster.room(number) for number in range(3)]
    async with running(node), StatusClient(topology) as moderator:
        hold, _ = await node.hello("s1", "ana", rooms=rooms)
        await moderator.check()
        for room in rooms:
            assert [row.nick async for row in moderator.sessions(room)] == ["ana"]
        rows = await moderator.shards()
        assert sorted(row.slots for row in rows) == [5461, 5461, 5462]
        assert [row.address for row in rows if row.sessions] == [
            f"127.0.0.1:{cluster.servers[cluster.owner('c')].port}"
        ]
        # The default room is there, too.
        assert sum(row.rooms or 0 for row in rows) == len(rooms) + 1
        assert all(row.keys and row.memory and row.moving == 0 for row in rows)
        await cluster.move("c", (cluster.owner("c") + 1) % 3)
        assert await moderator.kick("ana", "") == "ana"
        assert (await moderator.totals()).orders == 1


async def test_a_shard_that_is_away_is_shown_as_such(cluster: RedisCluster) -> None:
    topology = topology_of(*(server.port for server in cluster.servers))
    gone = next(number for number in range(3) if number != cluster.owner("c"))
    async with running(Node("n10", topology, AT_REST)), StatusClient(topology) as moderator:
        await cluster.servers[gone].kill()
        rows = {row.address: row for row in await moderator.shards()}
        away = rows.pop(f"127.0.0.1:{cluster.servers[gone].port}")
        assert "cannot be reached" in away.trouble and away.keys is None
        assert len(rows) == 2 and not any(row.trouble for row in rows.values())


async def test_a_slot_that_is_being_moved_is_counted_at_both_masters(cluster: RedisCluster) -> None:
    topology = topology_of(cluster.servers[0].port)
    async with running(Node("n10", topology, AT_REST)), StatusClient(topology) as moderator:
        await cluster.begin_move("r:tea", (cluster.owner("r:tea") + 1) % 3)
        assert sorted(row.moving or 0 for row in await moderator.shards()) == [0, 1, 1]


async def test_a_url_of_the_wrong_kind_is_answered_with_the_right_one(
    cluster: RedisCluster, tmp_path: Path
) -> None:
    others = [number for number in range(3) if number != cluster.owner("c")]
    single = connect.Topology(connect.redis(cluster.servers[others[0]].url))
    clients = ServerClients(single)
    with pytest.raises(Trouble, match=r"use redis\+cluster://"):
        await clients.do("GET", "chat:{c}:format")
    await clients.close()
    alone = RedisServer(tmp_path)
    await alone.start()
    try:
        clients = ServerClients(topology_of(alone.port))
        with pytest.raises(Trouble, match="use redis://"):
            await clients.do("GET", "chat:{c}:format")
        await clients.close()
    finally:
        await alone.kill()


@pytest.mark.parametrize("kind", ["hostname", "unknown-endpoint"])
async def test_masters_that_do_not_say_their_addresses_are_found(
    cluster: RedisCluster, kind: str
) -> None:
    """They are "?" while their hostnames are not known, or have none: the map says more."""
    await cluster.configure("cluster-preferred-endpoint-type", kind)
    topology = topology_of(cluster.servers[0].port)
    rooms = [cluster.room(number) for number in range(3)]
    node = Node("n10", topology, AT_REST)
    async with running(node), StatusClient(topology) as moderator:
        hold, _ = await node.hello("s1", "ana", rooms=rooms)
        for room in rooms:
            assert [row.nick async for row in moderator.sessions(room)] == ["ana"]
            await cluster.move(f"r:{room}", (cluster.owner(f"r:{room}") + 1) % 3)
            assert isinstance(await node.say(hold, room, "hi"), Stored)
        await cluster.move("c", (cluster.owner("c") + 1) % 3)
        assert await moderator.kick("ana", "") == "ana"
