"""What a moderator orders happens in Redis at once, and every node hears of it."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from node.brokers.admin_client import AdminClient
from node.brokers.server_clients import Trouble
from node.brokers.lease import FORMAT
from node.core.entries import Lost, Position
from node.core.model import Denied, Fenced, Restored, SessionSnapshot
from tests.integration.brokers.bench import Node, Place

LEFT = '"nick":"ana","reason":"kicked","text":"be \\"nice\\""}'


@pytest_asyncio.fixture
async def moderator(place: Place, node: Node) -> AsyncIterator[AdminClient]:
    """A moderator of a system with one node."""
    async with place.moderator() as moderator:
        yield moderator


async def hears(node: Node, kind: str, what: str) -> None:
    """Wait until a node knows of an order."""
    await node.events.until(lambda: (kind, what) in orders(node))


def orders(node: Node) -> list[tuple[str, str]]:
    """Return what a node knows of orders."""
    return [(order.kind, order.what) for order in node.events.orders]


# Kicks


async def test_a_kick_ends_the_session_and_its_rooms_see_why(
    node: Node, moderator: AdminClient
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    assert await moderator.kick("ana", 'be "nice"') == "ana"
    await hears(node, "kick", "s1")
    await node.settled()
    assert await node.log("r:tea") == [("e", '"nick":"ana"}'), ("l", LEFT)]
    assert await node.ask("join", hold, "tea", False) is Fenced.GONE
    assert node.events.orders[0].why == 'be "nice"'


async def test_every_node_hears_of_a_kick(place: Place, node: Node, moderator: AdminClient) -> None:
    other = await place.node()
    await node.hello("s1", "ana")
    await moderator.kick("ana", "")
    await hears(other, "kick", "s1")


async def test_a_session_without_a_connection_is_kicked_too(
    node: Node, moderator: AdminClient
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.part(hold, quit=False)
    await node.idle()
    assert await moderator.kick("ana", "") == "ana"
    await node.settled()
    assert (await node.log("r:tea"))[-1] == ("l", '"nick":"ana","reason":"kicked"}')


async def test_the_key_of_who_was_kicked_is_kept_out_and_the_nick_is_free(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    other = await place.node()
    await node.hello("s1", "ana")
    await moderator.kick("ana", "")
    assert await other.ask("claim", other.claim_of("s1", "ana")) is Denied.KICKED
    _, found = await other.hello("s2", "ana")
    assert not found.resumed


async def test_nobody_is_kicked_where_nobody_has_the_nick(moderator: AdminClient) -> None:
    assert await moderator.kick("ana", "") is None


async def test_a_node_does_not_put_a_kicked_session_back(
    node: Node, moderator: AdminClient
) -> None:
    hold, _ = await node.hello("s1", "ana")
    await moderator.kick("ana", "")
    memory = SessionSnapshot(hold, hold.owner, True, "ana", "ana", None, 1, [])
    assert await node.ask("restore", memory, True, timed=False) is Fenced.GONE


async def test_a_node_may_kick_the_session_that_it_holds(node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.kick(hold)
    await node.idle()
    assert (await node.log("r:tea"))[-1] == ("l", '"nick":"ana","reason":"kicked"}')


# Bans


async def test_a_banned_nick_is_kicked_and_held_by_nobody_until_it_is_let_in_again(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    other = await place.node()
    await node.hello("s1", "ana")
    hold, _ = await other.hello("s2", "bo")
    assert await moderator.ban_nick("ana", 0, "spam") == "ana"
    await hears(node, "nick", "ana")
    assert await other.ask("claim", other.claim_of("s3", "ANA")) is Denied.BANNED
    assert await other.ask("rename", hold, "Ana", "ana") is Denied.BANNED
    assert await moderator.unban("nick:ana")
    _, found = await other.hello("s3", "ANA")
    assert found.nick == "ANA"
    await node.events.until(lambda: ("nick", "ana") not in orders(node))
    assert not await moderator.unban("nick:ana")


async def test_a_nick_may_be_banned_that_nobody_has(node: Node, moderator: AdminClient) -> None:
    assert await moderator.ban_nick("ana", 60, "") == ""
    assert await node.ask("claim", node.claim_of("s1", "ana")) is Denied.BANNED


async def test_a_ban_that_is_over_is_forgotten(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await moderator.ban_nick("ana", 60, "")
    await place.redis.hset("chat:{c}:orders", "nick:ana", "5 - ")
    await node.hello("s1", "ana")
    assert await moderator.bans() == []
    assert not await place.redis.exists("chat:{c}:orders")
    assert not await moderator.unban("nick:ana")


async def test_bans_are_listed_with_what_is_left_of_them(moderator: AdminClient) -> None:
    await moderator.ban_network("192.0.2.0/24", 0, "spam")
    await moderator.ban_nick("ana", 60, "")
    network, nick = await moderator.bans()
    assert (network.kind, network.what, network.why) == ("net", "192.0.2.0/24", "spam")
    assert network.until == float("inf") and nick.until < network.until


async def test_a_node_learns_from_its_lease_what_no_message_told_it(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await place.redis.hset("chat:{c}:orders", "net:192.0.2.0/24", '0 - "spam"')
    await place.redis.set("chat:{c}:ordered", "1 m1")
    await hears(node, "net", "192.0.2.0/24")
    assert node.events.orders[0].why == "spam"


async def test_a_node_knows_from_its_start_who_is_banned(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await moderator.ban_network("192.0.2.0/24", 0, "")
    await hears(await place.node(), "net", "192.0.2.0/24")


async def test_orders_are_read_once_for_each_change(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await moderator.ban_network("192.0.2.0/24", 0, "")
    await hears(node, "net", "192.0.2.0/24")
    for _ in range(3):
        await node.ask("check", timed=False)
    await node.idle()
    assert len([told for told in node.events.told if told[0] == "moderated"]) == 1


async def test_nodes_put_back_the_orders_that_redis_forgot(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    other = await place.node()
    await moderator.ban_network("192.0.2.0/24", 3600, "spam")
    await moderator.ban_nick("ana", 0, "")
    for each in (node, other):
        await hears(each, "nick", "ana")
    await place.redis.delete("chat:{c}:orders", "chat:{c}:ordered")
    await moderator.ban_nick("bo", 0, "")
    for each in (node, other):
        await hears(each, "nick", "bo")
    network, ana, bo = await moderator.bans()
    assert (network.what, network.why) == ("192.0.2.0/24", "spam")
    assert network.until < ana.until == bo.until == float("inf")
    assert ("net", "192.0.2.0/24") in orders(node) and ("nick", "ana") in orders(other)


async def test_what_was_done_and_forgotten_is_done_again(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await node.hello("s1", "ana", rooms=["tea", "hall"])
    keys = [key async for key in place.redis.scan_iter("chat:*") if b":nodes" not in key]
    before = {key: await place.redis.dump(key) for key in keys if b":about:" not in key}
    assert await moderator.kick("ana", "spam") == "ana"
    assert await moderator.close("tea", "") == 0
    await hears(node, "room", "tea")
    for key in ("chat:{c}:orders", "chat:{c}:ordered", "chat:{c}:grace"):
        await place.redis.delete(key)
    for key, value in before.items():
        assert value is not None
        await place.redis.restore(key, 0, value, replace=True)
    assert await moderator.has_room("tea")
    node.events.told.clear()
    await node.ask("check", timed=False)
    await node.events.until(lambda: any(told[0] == "moderated" for told in node.events.told))
    assert not await moderator.has_room("tea")
    await node.settled()
    left = '"nick":"ana","reason":"kicked","text":"spam"}'
    assert (await node.log("r:hall"))[-1] == ("l", left)
    assert await node.ask("claim", node.claim_of("s1", "ana")) is Denied.KICKED


# Rooms


async def test_a_closed_room_is_gone_with_its_members_and_its_log(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea", "hall"])
    await node.say(hold, "tea", "hi")
    birth = await place.redis.hget("chat:{c}:births", "tea")
    assert await moderator.close("tea", "too loud") == 1
    await hears(node, "room", "tea")
    order = node.events.orders[0]
    assert (order.birth, order.why) == (birth, "too loud")
    assert not await moderator.has_room("tea") and await moderator.has_room("hall")
    standing = await node.ask("standing", hold, timed=False)
    assert [membership.room for membership in standing.memberships] == ["hall"]
    await node.settled()
    left = [key async for key in place.redis.scan_iter("chat:{r:tea}*")]
    assert left == []


async def test_a_room_that_is_not_there_cannot_be_closed(moderator: AdminClient) -> None:
    assert await moderator.close("tea", "") is None


async def test_who_remembers_a_closed_room_does_not_bring_it_back(
    node: Node, moderator: AdminClient
) -> None:
    hold, reply = await node.hello("s1", "ana", rooms=["tea"])
    birth = reply.memberships[0].birth
    await node.say(hold, "tea", "hi")
    found = await node.ask("tail", "r:tea", 100, timed=False)
    start = Position(found.top.epoch, 0, b"0")
    await moderator.close("tea", "")
    await node.settled()
    lost = Lost(start, start, start.epoch, found.entries)
    assert await node.ask("heal", "r:tea", lost, timed=False) is Fenced.GONE
    joined = str(found.top)
    rooms = [("tea", joined, birth)]
    memory = SessionSnapshot(hold, hold.owner, True, "ana", "ana", None, 9, rooms)
    assert await node.ask("restore", memory, True, timed=False) == Restored({})
    assert not await moderator.has_room("tea")
    assert (await node.ask("standing", hold, timed=False)).memberships == []


async def test_a_new_room_may_have_the_name_of_a_closed_one(
    node: Node, moderator: AdminClient
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    old = await node.top("r:tea")
    await moderator.close("tea", "")
    membership = await node.ask("join", hold, "tea", True)
    assert membership.created and membership.members == 1
    top = await node.top("r:tea")
    assert top.epoch != old.epoch
    found = await node.ask("tail", "r:tea", 100, timed=False)
    start = Position(top.epoch, 0, b"0")
    lost = Lost(start, start, top.epoch, found.entries)
    assert await node.ask("heal", "r:tea", lost, timed=False) == 0


# Looking


async def test_an_announcement_reaches_every_node(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    other = await place.node()
    assert await moderator.announce("a\nb", None) == 2
    assert await moderator.announce("c", "tea") == 2
    for each in (node, other):
        await each.events.hears("announced", "a\nb", None)
        await each.events.hears("announced", "c", "tea")


async def test_nodes_tell_of_themselves(place: Place, node: Node, moderator: AdminClient) -> None:
    await place.redis.zadd("chat:{c}:nodes", {"dead": 1})
    living, dead = sorted(await moderator.nodes(), key=lambda row: not row.alive)
    facts = living.facts
    assert (facts.name, facts.clients, facts.sessions, facts.rooms) == ("bench", 3, 0, 1)
    assert living.since is not None and facts.format == FORMAT
    assert (dead.alive, dead.since, dead.facts.name) == (False, None, "?")


async def test_the_lag_is_that_of_a_probe(place: Place, node: Node, moderator: AdminClient) -> None:
    await node.ask("check", timed=False)
    [row] = await moderator.nodes()
    assert row.facts.lag_ms is not None and row.facts.lag_ms >= 0


async def test_what_a_newer_node_tells_in_addition_is_ignored(
    place: Place, node: Node, moderator: AdminClient
) -> None:
    await place.redis.hset(
        "chat:{c}:about:later", "facts", json.dumps({"name": "z", "mood": "fine"})
    )
    await place.redis.zadd("chat:{c}:nodes", {"later": 9e15})
    assert [row.facts.name for row in await moderator.nodes()] == ["bench", "z"]


async def test_sessions_are_listed_with_their_node_address_and_rooms(
    node: Node, moderator: AdminClient
) -> None:
    await node.hello("s1", "ana", rooms=["tea", "hall"], address="192.0.2.7")
    hold, _ = await node.hello("s2", "bo", rooms=["hall"])
    node.broker.part(hold, quit=False)
    await node.idle()
    ana, bo = sorted([row async for row in moderator.sessions()], key=lambda row: row.nick)
    assert (ana.node, ana.address, ana.rooms) == ("bench", "192.0.2.7", ["hall", "tea"])
    assert ana.since is not None
    assert (bo.nick, bo.node, bo.rooms) == ("bo", None, ["hall"])
    assert [row.nick async for row in moderator.sessions("tea")] == ["ana"]
    totals = await moderator.totals()
    assert (totals.sessions, totals.away, totals.rooms) == (2, 1, 3)


async def test_more_sessions_are_listed_than_are_looked_at_in_one_go(
    node: Node, moderator: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.brokers.admin_client.PAGE", 2)
    for number in range(5):
        await node.hello(f"s{number}", f"n{number}", rooms=["tea"])
    for room in (None, "tea"):
        assert {row.nick async for row in moderator.sessions(room)} == {f"n{n}" for n in range(5)}


async def test_data_of_another_kind_are_left_alone(place: Place, moderator: AdminClient) -> None:
    await moderator.check()
    await place.redis.set("chat:{c}:format", "99")
    with pytest.raises(Trouble, match="format 99"):
        await moderator.check()
    await place.redis.delete("chat:{c}:format")
    for absent in (False, True):
        if absent:
            await place.redis.delete("chat:format")
        with pytest.raises(Trouble, match="right one"):
            await moderator.check()


async def test_data_of_format_1_are_named_with_what_to_do(place: Place) -> None:
    await place.redis.set("chat:format", "1")
    async with place.moderator() as moderator:
        with pytest.raises(Trouble, match="format 1, not 2: delete them with FLUSHDB, or use"):
            await moderator.check()


async def test_a_malformed_clock_is_named(place: Place, moderator: AdminClient) -> None:
    await place.redis.hset("chat:{c}:clock", "shift", "noon")
    with pytest.raises(Trouble, match="the shift 'noon', not ms"):
        await moderator.nodes()
