"""What an operator sees of nodes that are gone, and of what is wrong with Redis now."""

import json

from node.brokers import connect
from node.brokers.admin_client import LEASE, Totals
from node.brokers.lease import FORMAT
from node.brokers.status_client import DEAD_FOR, SHOWN_FOR
from tests.integration.brokers.bench import Losses, Place
from tests.integration.brokers.test_reap import reap
from tests.support.redis_server import RedisServer


async def renew(place: Place, inc: str, name: str) -> None:
    """Let a node renew its lease once."""
    facts = json.dumps({"name": name, "clients": 3})
    lease = int(LEASE * 1000)
    await place.run("renew", inc, lease, FORMAT, "e", "probe", facts, 200, 1000)


async def silent_for(place: Place, inc: str, seconds: float) -> None:
    """Let the last renewal of a node be so long ago."""
    left = LEASE + DEAD_FOR - seconds
    await place.redis.pexpire(f"chat:{{c}}:about:{inc}", int(left * 1000))
    await place.redis.zadd("chat:{c}:nodes", {inc: 1})


async def killed(place: Place, inc: str, ago: float) -> None:
    """Let a node die that was heard of so long ago, and nobody reap it."""
    await silent_for(place, inc, ago)
    seconds, micros = await place.redis.time()
    over = seconds + micros / 1e6 + LEASE - ago
    await place.redis.zadd("chat:{c}:nodes", {inc: int(over * 1000)})


async def dead(place: Place) -> list[tuple[str, bool, int]]:
    """Return name, life and silence of the nodes that are gone."""
    async with place.moderator() as moderator:
        rows = await moderator.all_nodes()
    return [(row.facts.name, row.alive, round(row.silent)) for row in rows if not row.alive]


async def died(place: Place, inc: str, name: str, ago: float) -> None:
    """Let a node die that was heard of so long ago, and release its sessions."""
    await renew(place, inc, name)
    await silent_for(place, inc, ago)
    assert (await reap(place))[3] == 1


async def test_a_node_that_died_is_shown_after_its_sessions_were_released(place: Place) -> None:
    await renew(place, "n1", "node-1")
    await renew(place, "n2", "node-2")
    assert await dead(place) == []
    await silent_for(place, "n1", LEASE + 1)
    assert (await reap(place))[3] == 1
    assert await dead(place) == [("node-1", False, 9)]
    async with place.moderator() as moderator:
        assert [row.facts.name for row in await moderator.nodes()] == ["node-2"]


async def test_a_node_that_was_shut_down_is_not_shown_as_dead(place: Place) -> None:
    await renew(place, "n1", "node-1")
    await place.run("retire", "n1")
    assert (await reap(place))[3] == 1
    assert await dead(place) == []


async def test_a_node_that_was_shut_down_and_reaped_much_later_is_not_shown(place: Place) -> None:
    """As when all nodes are stopped, and others are started a minute later."""
    await renew(place, "n1", "node-1")
    await place.run("retire", "n1")
    await silent_for(place, "n1", 60)
    assert (await reap(place))[3] == 1
    assert await dead(place) == []


async def test_the_last_node_is_not_shown_once_it_was_shut_down(place: Place) -> None:
    await renew(place, "n1", "node-1")
    async with place.moderator() as moderator:
        assert [row.facts.name for row in await moderator.all_nodes()] == ["node-1"]
        await place.run("retire", "n1")
        # No other node is left to reap it.
        assert [row.alive for row in await moderator.nodes()] == [False]
        assert await moderator.all_nodes() == []
        await place.redis.delete("chat:{c}:about:n1")  # as a day later
        assert await moderator.all_nodes() == []


async def test_the_last_node_is_shown_when_it_died(place: Place) -> None:
    await renew(place, "n1", "node-1")
    await killed(place, "n1", LEASE + 1)
    async with place.moderator() as moderator:
        [row] = await moderator.all_nodes()
    assert (row.facts.name, row.alive, round(row.silent)) == ("node-1", False, 9)


async def test_a_node_that_was_started_again_and_shut_down_is_not_shown(place: Place) -> None:
    await died(place, "n1", "node-1", LEASE + 9)
    await died(place, "n2", "node-2", LEASE + 9)
    await renew(place, "n3", "node-1")
    assert await dead(place) == [("node-2", False, 17)]
    await place.run("retire", "n3")
    assert await dead(place) == [("node-2", False, 17)]  # nobody has reaped it
    await reap(place)
    assert await dead(place) == [("node-2", False, 17)]


async def test_of_the_dead_nodes_of_one_name_the_last_one_is_shown(place: Place) -> None:
    for inc, ago in (("n2", 30), ("n1", 60), ("n3", 90)):
        await died(place, inc, "node-1", ago)
    assert await dead(place) == [("node-1", False, 30)]
    # The next ones are not reaped: no node is left.
    for inc, ago in (("n5", 10), ("n4", 20)):
        await renew(place, inc, "node-1")
        await killed(place, inc, ago)
    assert await dead(place) == [("node-1", False, 10)]


async def test_sessions_of_nodes_that_all_died_have_no_connection(place: Place) -> None:
    async with place.moderator() as moderator:
        async with place.doomed() as node:
            await node.hello("s1", "ana")
            await node.hello("s2", "bo")
            assert await moderator.totals() == Totals(sessions=2, away=0, rooms=1, orders=0)
        assert await moderator.totals() == Totals(sessions=2, away=2, rooms=1, orders=0)


async def test_a_node_that_died_long_ago_is_not_shown(place: Place) -> None:
    await renew(place, "n1", "node-1")
    await silent_for(place, "n1", LEASE + SHOWN_FOR - 5)
    await reap(place)
    assert len(await dead(place)) == 1
    left = LEASE + DEAD_FOR - (LEASE + SHOWN_FOR + 1)
    await place.redis.pexpire("chat:{c}:about:n1", int(left * 1000))
    assert await dead(place) == []


async def test_without_the_rights_the_dead_and_the_faults_are_left_out(server: RedisServer) -> None:
    async with Place(connect.redis(server.url), Losses(False)) as place:
        await renew(place, "n1", "node-1")
        await place.run("retire", "n1")
        rights = ["-info", "-scan", "-pttl"]
        await place.redis.acl_setuser("default", enabled=True, nopass=True, commands=rights)
        async with place.moderator() as moderator:
            assert await moderator.faults() is None
            assert [row.facts.name for row in await moderator.all_nodes()] == ["node-1"]


async def test_a_fault_that_is_over_is_not_shown_any_more(server: RedisServer) -> None:
    async with Place(connect.redis(server.url), Losses(False)) as place:
        async with place.moderator() as moderator:
            assert await moderator.faults() == ["forgets"]
            await place.redis.config_set("appendonly", "yes")
            assert await moderator.faults() == []
