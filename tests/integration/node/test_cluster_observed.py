"""What a node tells of the servers of a Redis Cluster, while one of them hangs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from node.brokers import connect
from node.brokers.admin_client import AdminClient
from node.config import redis_url
from tests.support import web
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.redis_cluster import RedisCluster

WITHIN = 30.0


class Town:
    """A node at a cluster of three masters."""

    def __init__(self, cluster: RedisCluster, node: NodeProcess, url: str) -> None:
        self.cluster = cluster
        self.node = node
        self.url = url
        self.names = [f"127.0.0.1:{server.port}" for server in cluster.servers]

    async def up(self) -> dict[str, float]:
        """Return the servers that the node tells of, and whether each is up."""
        _, body = await web.get(self.node.http, "/metrics")
        return {
            sample.labels["shard"]: sample.value
            for family in text_string_to_metric_families(body)
            for sample in family.samples
            if sample.name == "chat_broker_lane_up"
        }

    async def until(self, up: dict[str, float], body: str) -> None:
        """Wait until the node tells so of the servers, and is ready in these words."""
        async with asyncio.timeout(WITHIN):
            while (await self.up(), await web.get(self.node.http, "/readyz")) != (up, (200, body)):
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture
async def town(tmp_path: Path, lab: Lab) -> AsyncIterator[Town]:
    async with RedisCluster(tmp_path) as cluster:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in cluster.servers)
        url = f"redis+cluster://{hosts}"
        node = await lab.node(None, "--http-port", "0", "--redis-url", url)
        yield Town(cluster, node, url)


async def test_a_master_that_hangs_is_named_and_the_node_stays_ready(town: Town) -> None:
    everything = dict.fromkeys(town.names, 1.0)
    await town.until(everything, "ready\n")
    away = (town.cluster.owner("c") + 1) % 3
    name = town.names[away]
    town.cluster.servers[away].pause()
    await town.until({**everything, name: 0.0}, f"ready; without {name}\n")
    town.cluster.servers[away].resume()
    await town.until(everything, "ready\n")


async def test_a_node_tells_moderators_how_each_master_answers(town: Town) -> None:
    await town.until(dict.fromkeys(town.names, 1.0), "ready\n")
    async with AdminClient(connect.to(redis_url.parse(town.url))) as moderator:
        async with asyncio.timeout(WITHIN):
            while not (rows := await moderator.nodes()) or len(rows[0].facts.shards) < 3:
                await asyncio.sleep(0.1)
    [row] = rows
    assert set(row.facts.shards) == set(town.names)
