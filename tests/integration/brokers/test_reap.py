"""What is over ends once, whoever ends it: leases, sessions without a connection, unused rooms."""

import asyncio
import itertools
from typing import Any

import pytest

from node.brokers.lease import FORMAT
from node.core.model import Denied
from tests.integration.brokers.bench import REAPING, Node, Place

GRACE_MS = 30_000
DAY_MS = 86_400_000
LOST = '"nick":"{}","reason":"lost"}}'

operations = (f"op{number:x}" for number in itertools.count())


async def begin(place: Place, *nicks: str, keyed: bool = True) -> str:
    """Let sessions begin at a node that will not be heard of again; return its incarnation."""
    async with place.doomed() as node:
        for number, nick in enumerate(nicks, 1):
            await node.hello(f"s{number}", nick, keyed=keyed, rooms=["tea"])
    return node.incarnation


async def reap(
    place: Place, grace: int = GRACE_MS, idle: int = DAY_MS, most: int = 100, now: float = 9e15
) -> Any:
    """Reap, as one of many."""
    return await place.run("reap", next(operations), grace, idle, most, now)


async def kinds(node: Node) -> list[str]:
    """Return the kinds of the entries of `tea`, once that knows who has left."""
    await node.settled()
    return [kind for kind, _ in await node.log("r:tea")]


async def test_sessions_of_a_dead_node_get_their_grace_from_the_end_of_its_lease(
    place: Place, node: Node
) -> None:
    other = await place.node()
    dead = await begin(place, "ana")
    await other.hello("s2", "bo", rooms=["tea"])
    await place.redis.zadd("chat:{c}:nodes", {dead: 5_000, other.incarnation: 9e15})
    assert await reap(place, grace=4_000_000_000_000) == [1, 0, 0, 1]
    assert await place.redis.zscore("chat:{c}:grace", "s1") == 4_000_000_005_000
    assert await place.redis.zscore("chat:{c}:grace", "s2") is None
    assert await kinds(node) == ["e", "e"]
    assert dead.encode() not in await place.redis.zrange("chat:{c}:nodes", 0, -1)


async def test_a_session_that_nobody_continued_is_lost_exactly_once(
    place: Place, node: Node
) -> None:
    others = [await place.node() for _ in range(2)]
    await begin(place, "ana")
    replies = await asyncio.gather(*(reap(place) for _ in range(8)))
    assert sum(reply[0] for reply in replies) == 1
    assert sum(reply[1] for reply in replies) == 1
    for other in others:
        other.broker._janitor.settle()
    assert await kinds(node) == ["e", "l"]
    assert await node.log("r:tea") == [("e", '"nick":"ana"}'), ("l", LOST.format("ana"))]
    _, found = await others[0].hello("s2", "ana")
    assert not found.resumed


async def test_sessions_of_a_node_that_died_before_its_first_renewal_are_lost_as_well(
    place: Place, node: Node
) -> None:
    """Else nobody could ever have their nicks: no lease of that node would run out."""
    claim = ("op1", "s1", 1, "ana", "ana", "", "early1.1", 50, 0, 10, "", 1, "tea", "", "")
    assert (await place.run("hello", *claim))[0] == b"ok"
    assert await place.redis.zscore("chat:{c}:nodes", "early1") is not None
    assert (await reap(place, now=0))[0] == 0, "its renewal may still come"
    await place.redis.zadd("chat:{c}:nodes", {"early1": 1})
    await reap(place)
    await node.settled()
    _, found = await node.hello("s2", "ana")
    assert not found.resumed


async def test_what_ran_out_after_the_call_is_not_reaped(
    place: Place, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when Redis hung, and does then what it was asked before: nobody could renew meanwhile."""
    dead = await begin(place, "ana")
    await place.redis.zadd("chat:{c}:nodes", {dead: 5_000})
    assert await reap(place, now=4_999) == [0, 0, 0, 0]
    await place.redis.zadd("chat:{c}:grace", {"s1": 5_000})
    assert await reap(place, now=4_999) == [0, 0, 0, 0]
    monkeypatch.setattr(node.broker._upkeep, "reaps_until", lambda: 4_999)
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN
    assert await kinds(node) == ["e"]
    monkeypatch.setattr(node.broker._upkeep, "reaps_until", lambda: 5_000)
    await node.hello("s2", "ana")
    assert await kinds(node) == ["e", "l"]


async def test_a_session_that_is_continued_in_time_is_not_lost(place: Place, node: Node) -> None:
    await begin(place, "ana")
    await reap(place, grace=4_000_000_000_000)
    hold, found = await node.hello("s1")
    assert found.resumed
    await reap(place)
    assert await kinds(node) == ["e"] and await node.ask("leave", hold, "tea") is not None


async def test_a_session_without_a_key_ends_with_its_node(place: Place, node: Node) -> None:
    await begin(place, "ana", keyed=False)
    await reap(place, grace=4_000_000_000_000)
    await node.settled()
    assert await node.log("r:tea") == [("e", '"nick":"ana"}'), ("l", LOST.format("ana"))]


async def test_a_session_that_moved_on_before_its_node_died_is_left_alone(
    place: Place, node: Node
) -> None:
    await begin(place, "ana")
    await node.hello("s1")
    assert (await reap(place))[:2] == [0, 0]
    assert await kinds(node) == ["e"]


async def test_a_reaped_incarnation_learns_it_and_may_not_come_back(place: Place) -> None:
    dead = await begin(place, "ana")
    await reap(place)
    assert await place.run("renew", dead, 8000, FORMAT, "k9", 7) == [b"dead"]
    assert dead.encode() not in await place.redis.zrange("chat:{c}:nodes", 0, -1)


async def test_a_node_that_was_reaped_begins_anew_and_puts_its_sessions_back(
    place: Place, node: Node
) -> None:
    await node.hello("s1", "ana")
    inc = node.broker.owner().split(".")[0]
    await place.redis.set("chat:{c}:dead:" + inc, 1)
    node.broker.check(lambda reply: None)
    await node.events.hears("forgotten", False)
    assert node.broker.owner().split(".")[0] != inc
    assert await node.ask("check", timed=False) is False


async def test_a_large_dead_node_is_reaped_in_parts(place: Place, node: Node) -> None:
    await begin(place, *[f"nick{number}" for number in range(7)])
    orphans = []
    for _ in range(4):
        found = await reap(place, most=3)
        orphans.append(found[0])
    assert orphans == [3, 3, 1, 0]
    await reap(place)
    assert (await kinds(node)).count("l") == 7
    assert len({body for kind, body in await node.log("r:tea") if kind == "l"}) == 7
    found = await node.ask("tail", "r:tea", 100, timed=False)
    assert len({entry.id for entry in found.entries}) == 14


async def test_rooms_that_nobody_uses_end_but_not_the_one_that_always_exists(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea", "milk", "general"])
    for room in ("tea", "general"):
        await node.ask("leave", hold, room)
    await place.redis.zadd("chat:{c}:idle", {"tea": 1, "general": 1, "milk": 1})
    assert (await reap(place))[2] == 1
    rooms, _ = await node.ask("rooms", "")
    assert rooms == [("general", 0), ("milk", 1)]
    await node.settled()
    assert await place.redis.exists("chat:{r:tea}", "chat:{r:tea}:log", "chat:{r:tea}:members") == 0
    assert await node.ask("join", hold, "tea", False) is Denied.MISSING


async def test_a_room_that_is_used_again_does_not_end(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.ask("leave", hold, "tea")
    assert await place.redis.zscore("chat:{c}:idle", "tea") is not None
    await node.ask("join", hold, "tea", False)
    assert await place.redis.zscore("chat:{c}:idle", "tea") is None


async def test_a_nick_is_free_as_soon_as_its_grace_is_over_though_no_reaper_came(
    place: Place,
) -> None:
    node = await place.node(REAPING)
    await begin(place, "ana")
    await place.redis.zadd("chat:{c}:grace", {"s1": 1})
    _, found = await node.hello("s2", "ana", rooms=["tea"])
    assert not found.resumed
    assert await kinds(node) == ["e", "l", "e"]
    await place.redis.zadd("chat:{c}:grace", {"s2": 1})
    _, again = await node.hello("s2", "bo")
    assert not again.resumed, "its own grace was over as well"


async def test_a_node_reaps_only_after_others_had_the_time_to_renew(
    place: Place, node: Node
) -> None:
    await begin(place, "ana")
    await place.redis.zadd("chat:{c}:grace", {"s1": 1})
    node.broker._upkeep.reap()
    await node.idle()
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN


async def test_a_node_that_shuts_down_lets_others_reap_at_once(place: Place) -> None:
    leaving, staying = await place.node(), await place.node(REAPING)
    await leaving.hello("u1", "ana", keyed=False, rooms=["tea"])
    async with asyncio.timeout(5):
        await leaving.broker.retire()
    await staying.ask("check", timed=False)  # It learns the time.
    staying.broker._upkeep.reap()
    await staying.idle()
    await staying.settled()
    assert [kind for kind, _ in await staying.log("r:tea")] == ["e", "l"]


async def test_the_format_is_written_where_there_is_none(place: Place) -> None:
    await place.run("renew", "inc", 8000, 1, "k9", 7, "{}", 200, 1000)
    assert await place.redis.get("chat:{c}:format") == b"1"
    await place.redis.flushall()  # it forgot everything
    assert (await place.run("renew", "inc", 8000, 1, "k9", 7, "{}", 200, 1000))[0] == b"new"
    assert await place.redis.get("chat:{c}:format") == b"1"


async def test_data_of_another_format_is_refused(place: Place) -> None:
    await place.redis.set("chat:{c}:format", 99)
    assert await place.run("renew", "inc", 8000, 1, "k9", 7, "{}", 200, 1000) == [b"format", b"99"]
