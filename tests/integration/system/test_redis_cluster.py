"""Nodes at a real Redis Cluster, as an operator starts them: by its URL, with a user's rights."""

import asyncio
import json
import sys
from pathlib import Path

from node.brokers import connect
from node.brokers.status_client import StatusClient
from node.config import redis_url
from tests.integration.system.test_secured_redis import documented
from tests.support.lab import Lab
from tests.support.node_process import ROOT, environment
from tests.support.ports import free_port
from tests.support.redis_cluster import RedisCluster, ask

USER = "chat:PASSWORD"


def url_of(cluster: RedisCluster, user: str = "", number: int = 0) -> str:
    """Return the URL of a cluster; one of its two hosts is away."""
    hosts = [f"127.0.0.1:{port}" for port in (free_port(), cluster.servers[number].port)]
    return f"redis+cluster://{user}{'@' if user else ''}{','.join(hosts)}"


async def secure(cluster: RedisCluster) -> None:
    """Let each server know the documented user, who may do no more."""
    rights = documented().removeprefix("user ").split()
    for client in cluster.clients:
        await ask(client, "ACL", "SETUSER", *rights, "+cluster|slots")


async def run(*arguments: str) -> tuple[int | None, str, str]:
    """Run chat-node; return its status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    out, error = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, out.decode(), error.decode()


async def test_nodes_share_rooms_at_all_masters_with_the_documented_rights(
    lab: Lab, tmp_path: Path
) -> None:
    async with RedisCluster(tmp_path) as cluster:
        await secure(cluster)
        url = url_of(cluster, USER)
        nodes = [await lab.node(None, "--redis-url", url, "--rate", "0") for _ in "ab"]
        rooms = [cluster.room(number) for number in range(3)]
        ana, bo = [await lab.connect(node.address) for node in nodes]
        await ana.hello("ana", rooms=rooms)
        await bo.hello("bo", rooms=rooms)
        for room in rooms:
            await bo.say(room, "hi", room)
            await ana.expect("message", room=room, text="hi")
        assert (await bo.ask("direct", "ack", to="ana", text="psst", id="d"))["to"] == "ana"
        await ana.expect("direct", text="psst")
        assert (await ana.ask("nick", nick="cy"))["nick"] == "cy"
        for room in rooms:
            await bo.expect("renamed", room=room, nick="cy")
        async with StatusClient(connect.to(redis_url.parse(url))) as moderator:
            await moderator.check()
            rows = await moderator.shards()
            assert [row.trouble for row in rows] == [""] * 3
            assert [row.keys for row in rows] == [None] * 3, "it may not ask for that"
            assert await moderator.kick("cy", "enough") == "cy"
        await ana.expect("bye", reason="kicked")
        for client in cluster.clients:
            # redis-py tells its name, where Redis knows how to take it, and goes on without.
            refused = {entry["object"] for entry in await client.acl_log()}
            assert refused <= {"client|setinfo", "dbsize", "cluster|nodes"}


async def test_a_node_without_the_right_to_ask_for_the_slots_says_so(
    lab: Lab, tmp_path: Path
) -> None:
    async with RedisCluster(tmp_path) as cluster:
        await secure(cluster)
        for client in cluster.clients:
            await ask(client, "ACL", "SETUSER", "chat", "-cluster|slots")
        node = await lab.node(None, "--redis-url", url_of(cluster, USER))
        await node.logs("NOPERM: its user lacks a right that a node needs")


async def test_a_url_of_the_wrong_kind_ends_a_node_in_one_line(lab: Lab, tmp_path: Path) -> None:
    alone = await lab.redis()
    where = alone.url.removeprefix("redis://").partition("/")[0]
    status, _, error = await run("--port", "0", "--redis-url", f"redis+cluster://{where}")
    [line] = [line for line in error.splitlines() if line.startswith("chat-node: ")]
    assert status == 1 and "use redis:// in its URL" in line
    async with RedisCluster(tmp_path) as cluster:
        status, _, error = await run("--port", "0", "--redis-url", cluster.servers[0].url)
        [line] = [line for line in error.splitlines() if line.startswith("chat-node: ")]
        assert status == 1 and "use redis+cluster:// in its URL" in line
        node = await lab.node(None, "--redis-url", url_of(cluster))
        await lab.member(node.address, "ana")
        status, out, _ = await run("status", "--json", "--redis-url", url_of(cluster))
        found = json.loads(out)
        assert status == 0 and found["sessions"] == 1 and len(found["shards"]) == 3
        await cluster.servers[cluster.owner("c")].kill()
        status, out, error = await run("status", "--redis-url", url_of(cluster, number=2))
        assert status == 1 and "cannot be reached" in error
        assert len(out.splitlines()) == 4 and out.count("cannot be reached") == 1
