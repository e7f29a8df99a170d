"""One key is gone, as an eviction would take it: what is left and remembered is put right."""

import asyncio

import pytest

from node.core.entries import UNKNOWN, Lost, Position
from node.core.model import Claimed, Denied, Fenced, Restored, Stored
from tests.integration.brokers.bench import WITHIN, Node, Place
from tests.integration.brokers.test_restore import memory, restore

HASH, LOG = "chat:{r:tea}", "chat:{r:tea}:log"


async def knows(node: Node) -> Position:
    """Let a node know the newest position of the room, and return it."""
    top = await node.top("r:tea")
    node.events.known["r:tea"] = top
    return top


async def compare(node: Node) -> None:
    """Let a node compare what it knows of logs with what there is."""
    node.broker._heads.compare()
    await node.idle()


async def test_the_hash_of_a_log_is_made_again_with_the_epoch_that_a_node_knows(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.say(ana, "tea", "one")
    top = await knows(node)
    await place.redis.delete(HASH)
    await place.redis.delete("chat:{c}:rooms")
    await compare(node)
    assert await node.top("r:tea") == top
    assert ("tea", 1) in (await node.ask("rooms", ""))[0]
    assert await place.redis.zscore("chat:{c}:rooms", "tea") is not None
    reply = await node.say(ana, "tea", "two")
    assert isinstance(reply, Stored) and reply.position.startswith(top.epoch.decode())
    assert await node.texts("r:tea") == ["one", "two"]


async def test_a_message_for_a_log_without_its_hash_waits_until_it_is_made_again(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.say(ana, "tea", "one")
    top = await knows(node)
    await place.redis.delete(HASH)
    assert isinstance(await node.say(ana, "tea", "two"), Stored)
    found = await node.ask("read", "r:tea", top, UNKNOWN, 10, timed=False)
    assert found.on and len(found.entries) == 1


@pytest.mark.parametrize("how", ["hello", "begin", "leave", "publish"])
async def test_whoever_finds_a_log_without_its_hash_makes_it_again_by_those_in_it(
    place: Place, how: str
) -> None:
    node = await place.node()
    room, log = "tea", "r:tea"
    await node.hello("s1", "ana", rooms=(room,))
    bo, _ = await node.hello("s2", "bo", rooms=(room,))
    top = await knows(node)
    await place.redis.delete(HASH)
    if how == "hello":
        await node.hello("s3", "cy", rooms=(room,))
    elif how == "begin":
        await node.ask("begin", room, timed=False)
    elif how == "leave":
        assert isinstance(await node.ask("leave", bo, room), tuple)
    else:
        assert isinstance(await node.say(bo, room, "hi"), Stored)
    now = await node.top(log)
    assert now.epoch == top.epoch and now.offset == top.offset + (how != "begin")


async def test_a_log_that_somebody_wrote_into_by_hand_is_gone_on_with(place: Place) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    top = await knows(node)
    await place.redis.xadd(LOG, {"x": "y"}, id="1795877658123-0")
    await compare(node)
    node.events.known["r:tea"] = await node.top("r:tea")
    assert isinstance(await node.say(ana, "tea", "two"), Stored)
    found = await node.ask("read", "r:tea", top, UNKNOWN, 10, timed=False)
    assert [entry.kind for entry in found.entries] == [b"?", b"m"]


async def test_a_log_whose_entries_are_gone_differs_and_is_put_back_in_its_place(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    for text in ("one", "two", "three"):
        await node.say(ana, "tea", text)
    found = await node.ask("tail", "r:tea", 10, timed=False)
    top = await knows(node)
    await place.redis.delete(LOG)
    await compare(node)
    assert ("differs", "r:tea") in node.events.told
    read = await node.ask("read", "r:tea", top, UNKNOWN, 10, timed=False)
    assert read.top is None, "as of a log that is missing: all of it is to be put back"
    base = Position(top.epoch, found.entries[0].offset, found.entries[0].id)
    nothing = Lost(top, top, top.epoch, [])
    assert await node.ask("heal", "r:tea", nothing, timed=False) is Fenced.AGAIN
    rest = found.entries[1:]
    # 0 of a call that was repeated.
    lost = Lost(base, base, top.epoch, rest)
    assert await node.ask("heal", "r:tea", lost, timed=False) in (0, len(rest))
    again = await node.ask("tail", "r:tea", 10, timed=False)
    assert again.top == top and await node.texts("r:tea") == ["one", "two", "three"]
    assert [(e.offset, e.id) for e in again.entries] == [(e.offset, e.id) for e in rest]
    after = await node.ask("read", "r:tea", base, UNKNOWN, 10, timed=False)
    assert after.on and len(after.entries) == len(rest)


async def test_members_that_redis_lost_are_noticed_and_put_back(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await knows(node)
    node.events.members["r:tea"] = 1
    await place.redis.delete("chat:{r:tea}:seats")
    await compare(node)
    assert ("absent", "r:tea") not in node.events.told, "they may be just leaving"
    await compare(node)
    assert ("absent", "r:tea") in node.events.told
    assert isinstance(await restore(node, memory(node, hold, "ana")), Restored)
    assert await node.ask("members", "tea", "") == (["ana"], False)


async def test_members_of_other_nodes_are_missed_though_some_are_back(place: Place) -> None:
    node, other = await place.node(), await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await other.hello("s2", "bo", rooms=("tea",))
    for one in (node, other):
        await knows(one)
        one.events.members["r:tea"] = 1
    await place.redis.delete("chat:{r:tea}:seats")
    await compare(node)
    assert isinstance(await restore(node, memory(node, hold, "ana")), Restored)
    assert await node.ask("members", "tea", "") == (["ana"], False)
    await compare(other)
    await compare(other)
    assert ("absent", "r:tea") in other.events.told


async def test_members_are_missed_though_somebody_entered_before_a_node_looked(
    place: Place,
) -> None:
    node = await place.node()
    await node.hello("s1", "ana", rooms=("tea",))
    await knows(node)
    node.events.members["r:tea"] = 1
    await place.redis.delete("chat:{r:tea}:seats")
    await node.hello("s2", "bo", rooms=("tea",))
    await compare(node)
    await compare(node)
    assert ("absent", "r:tea") in node.events.told


@pytest.mark.parametrize("key", ["chat:{c}:nicks", "chat:{c}:at:INC"])
async def test_names_and_places_that_redis_lost_are_noticed_and_put_back(
    place: Place, key: str
) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    key = key.replace("INC", node.broker._lease.incarnation)
    await place.redis.delete(key)
    async with asyncio.timeout(WITHIN):
        await node.events.hears("forgotten", False)
    assert isinstance(await restore(node, memory(node, hold, "ana")), Restored)
    assert await place.redis.exists(key)
    await place.redis.delete("chat:{c}:nicks:lost")  # Its time is over.
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN


async def test_no_nick_can_be_taken_until_nodes_had_the_time_to_put_all_back(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.redis.delete("chat:{c}:nicks")
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Fenced.UNHEALED
    assert await node.ask("rename", hold, "bo", "bo") is Fenced.UNHEALED
    again = await node.ask("claim", node.claim_of("s1", "ana"))
    assert isinstance(again, Claimed) and again.resumed
    await place.redis.delete("chat:{c}:nicks:lost", "chat:{c}:at:" + node.broker._lease.incarnation)
    assert isinstance(await node.ask("claim", node.claim_of("s3", "cy")), Claimed)


async def test_the_nick_of_a_session_that_redis_lost_is_not_free(place: Place) -> None:
    node = await place.node()
    await node.hello("s1", "ana", rooms=("tea",))
    await place.redis.delete("chat:{c}:session:s1")
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN


async def test_a_member_that_redis_lost_keeps_its_place_when_it_is_renamed(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.redis.delete("chat:{r:tea}:members")
    await node.ask("rename", hold, "bo", "bo")
    assert await node.ask("members", "tea", "") == (["bo"], False)
    assert ("r", '"nick":"bo","from":"ana"}') in await node.log("r:tea")


async def test_a_member_that_redis_lost_is_told_to_have_left(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=("tea",))
    await place.redis.delete("chat:{r:tea}:members")
    node.broker.part(hold, True)
    await node.idle()
    assert ("l", '"nick":"ana","reason":"quit"}') in await node.log("r:tea")


async def test_a_session_that_redis_lost_is_put_back_and_one_that_ended_is_not(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    bo, _ = await node.hello("s2", "bo", rooms=("tea",))
    await place.redis.delete("chat:{c}:session:s1")
    node.broker.part(bo, True)
    await node.idle()
    assert isinstance(await restore(node, memory(node, ana, "ana", "tea")), Restored)
    assert await restore(node, memory(node, bo, "bo", "tea")) is Fenced.GONE
    assert await node.ask("members", "tea", "") == (["ana"], False)


async def test_a_session_that_says_nothing_is_missed_too(place: Place) -> None:
    node = await place.node()
    await node.hello("s1", "ana", rooms=("tea",))
    await node.hello("s2", "bo", rooms=("tea",))
    # A session that began while replies were lost is looked for at once.
    node.events.told.clear()
    await place.redis.delete("chat:{c}:session:s1")
    async with asyncio.timeout(WITHIN):
        await node.events.hears("vanished", "s1")
    assert ("vanished", "s2") not in node.events.told


async def test_a_message_waits_for_those_who_remember_the_entries_that_are_gone(
    place: Place,
) -> None:
    node, other = await place.node(), await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.say(ana, "tea", "one")
    found = await node.ask("read", "r:tea", Position(b"0", 0, b"0"), UNKNOWN, 10, timed=False)
    top = await knows(node)
    await place.redis.delete("chat:{r:tea}:log")
    said = asyncio.ensure_future(node.say(ana, "tea", "two"))
    async with asyncio.timeout(WITHIN):
        await node.events.hears("rewound", "r:tea")
    nothing = Position(top.epoch, 0, b"0")
    lost = Lost(nothing, nothing, b"", found.entries)
    await other.ask("heal", "r:tea", lost, timed=False)
    assert isinstance(await said, Stored)
    assert await node.texts("r:tea") == ["one", "two"]


async def test_a_message_does_not_wait_for_ever_for_entries_that_nobody_remembers(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.say(ana, "tea", "one")
    await knows(node)
    await place.redis.delete("chat:{r:tea}:log")
    await place.redis.hset("chat:{r:tea}", "hollow", 1)  # Since long ago.
    assert isinstance(await node.say(ana, "tea", "two"), Stored)


async def test_how_long_entries_are_lost_is_told_by_a_node_that_knows_the_time(
    place: Place,
) -> None:
    node = await place.node()
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    await node.say(ana, "tea", "one")
    top = await knows(node)
    await place.redis.delete("chat:{r:tea}:log")

    async def say(time: int) -> bytes:
        known = top.epoch.decode(), top.offset, top.id.decode(), ""
        args = ("tea", 1000, time, *known, "9e1", *ana, "", '"from":"ana","text":"two"}')
        return bytes((await place.run("publish", *args, log="r:tea"))[0])

    never_reached = 10**15
    await place.redis.hset("chat:{r:tea}", "hollow", never_reached)
    said = [await say(time) for time in (0, 50_000, 53_999, 0, 54_000)]
    assert said == [b"rewound"] * 4 + [b"ok"]
