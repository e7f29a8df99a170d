"""Rooms of one name are told apart by their births, whatever Redis has lost."""

from typing import Any

import pytest

from node.core.entries import Lost
from node.core.model import Denied, Fenced, FencingToken, Restored, Stored
from tests.integration.brokers.bench import Node, Place
from tests.integration.brokers.test_restore import memory, restore
from tests.integration.brokers.test_seats import ROOM, nicks, put_back, seat


async def test_a_room_that_is_made_again_has_another_birth(place: Place, node: Node) -> None:
    ana, found = await node.hello("s1", "ana", rooms=["tea"])
    old = found.memberships[0].birth
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    _, found = await node.hello("s2", "bo", rooms=["tea"])
    assert found.memberships[0].created and found.memberships[0].birth != old
    standing = await node.ask("standing", ana, timed=False)
    assert standing.memberships == [] and await nicks(node) == ["bo"]
    assert ("tea", 1) in (await node.ask("rooms", ""))[0]
    assert isinstance(await node.ask("rename", ana, "cy", "cy"), tuple)
    assert [kind for kind, _ in await node.log("r:tea")] == ["e"]


@pytest.mark.parametrize("anew", [False, True])
async def test_nobody_is_put_back_from_a_closed_room_into_the_next_one(
    place: Place, node: Node, anew: bool
) -> None:
    ana, _ = await node.hello("s1", "ana", rooms=["tea"])
    known = memory(node, ana, "ana", "tea")
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    await node.hello("s2", "bo", rooms=["tea"])
    assert await restore(node, known, anew=anew) == Restored({})
    assert await nicks(node) == ["bo"]
    assert ("tea", 1) in (await node.ask("rooms", ""))[0]


async def test_who_is_put_back_into_a_room_that_was_begun_meanwhile_is_in_that(
    place: Place, node: Node
) -> None:
    """Redis forgot the room, and it was not closed: whoever comes first makes it again."""
    ana, _ = await node.hello("s1", "ana", rooms=["tea"])
    known = memory(node, ana, "ana", "tea")
    await place.redis.flushall()
    _, found = await node.hello("s2", "bo", rooms=["tea"])
    birth = found.memberships[0].birth
    assert await restore(node, known, anew=True) == Restored({"tea": birth})
    assert await nicks(node) == ["ana", "bo"]
    assert ("tea", 2) in (await node.ask("rooms", ""))[0]


async def test_the_log_of_a_closed_room_does_not_come_back_into_the_next_one(
    place: Place, node: Node
) -> None:
    """Not even if that has lost its own."""
    other = await place.node()
    await other.hello("s1", "ana", rooms=["tea"])
    found = await other.ask("tail", "r:tea", 100, timed=False)
    base = found.top._replace(offset=0, id=b"0")
    lost = Lost(base, base, base.epoch, found.entries)
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    await node.hello("s2", "bo", rooms=["tea"])
    assert await other.ask("heal", "r:tea", lost, timed=False) is Fenced.GONE
    assert await node.log("r:tea") == [("e", '"nick":"bo"}')]
    await place.redis.delete(*ROOM)
    assert await other.ask("heal", "r:tea", lost, timed=False) is Fenced.GONE
    assert not await place.redis.exists("chat:{r:tea}")


async def test_a_log_that_is_lost_comes_back_while_there_is_the_room(
    place: Place, node: Node
) -> None:
    await node.hello("s1", "ana", rooms=["tea"])
    await put_back(node, place, 1)
    assert await place.redis.hget("chat:{r:tea}", "birth") == await place.redis.hget(
        "chat:{c}:births", "tea"
    )


async def births_lost(place: Place, node: Node) -> FencingToken:
    """Lose the births of all rooms while somebody is in one; let that be noticed."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo", rooms=["tea"])
    await place.redis.delete("chat:{c}:births")
    await node.ask("check", timed=False)
    await node.events.hears("forgotten", False)
    return hold


async def test_rooms_that_redis_lost_are_noticed_and_put_back_with_those_in_them(
    place: Place, node: Node
) -> None:
    hold = await births_lost(place, node)
    assert await node.ask("claim", node.claim_of("s3", "cy")) is Fenced.UNHEALED
    birth = node.broker._context.births["r:tea"]
    for session, nick in (("s1", "ana"), ("s2", "bo")):
        owner = hold.owner if session == "s1" else (await seat(place, "s2"))[2]
        known = memory(node, FencingToken(session, owner), nick, "tea")
        assert await restore(node, known) == Restored({"tea": birth})
    await place.redis.delete("chat:{c}:nicks:lost")  # Its time is over.
    assert ("tea", 2) in (await node.ask("rooms", ""))[0]
    assert await nicks(node) == ["ana", "bo"]
    assert await place.redis.zscore("chat:{c}:idle", "tea") is None, "it is not unused"
    assert [kind for kind, _ in await node.log("r:tea")] == ["e", "e"]
    _, found = await node.hello("s3", "cy", rooms=["tea"])
    assert (found.memberships[0].birth, found.memberships[0].members) == (birth, 3)


async def test_people_are_let_in_again_though_nobody_puts_a_room_back(
    place: Place, node: Node
) -> None:
    """The one session that was put back is in no room."""
    mark = "chat:{c}:nicks:lost"
    await node.hello("s1", "ana")
    await place.redis.delete("chat:{c}:births")
    assert await node.ask("claim", node.claim_of("s2", "bo")) is Fenced.UNHEALED
    since = await place.redis.get(mark)
    assert isinstance(since, bytes)
    await place.redis.set(mark, int(since) - 8000)
    await node.hello("s2", "bo", rooms=["tea"])
    await node.hello("s3", "cy", rooms=["tea"])
    assert await place.redis.exists(mark) == 0, "the next loss counts again"


@pytest.mark.parametrize("how", ["continue", "leave", "quit", "standing"])
async def test_who_does_something_before_rooms_are_put_back_is_in_them_still(
    place: Place, node: Node, how: str
) -> None:
    hold = await births_lost(place, node)
    if how == "continue":
        _, found = await node.hello("s1", "ana")
        assert [membership.room for membership in found.memberships] == ["tea"]
    elif how == "standing":
        standing = await node.ask("standing", hold, timed=False)
        assert [membership.room for membership in standing.memberships] == ["tea"]
    elif how == "leave":
        assert await node.ask("leave", hold, "tea") is not None
    else:
        node.broker.part(hold, quit=True)
        await node.idle()
    left = how in ("leave", "quit")
    assert await nicks(node) == (["bo"] if left else ["ana", "bo"])
    assert ("tea", 1 if left else 2) in (await node.ask("rooms", ""))[0]


async def test_a_room_that_was_closed_does_not_come_back_because_births_were_lost(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea", "milk"])
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    await place.redis.delete("chat:{c}:births")
    await node.ask("check", timed=False)
    await node.events.hears("forgotten", False)
    standing = await node.ask("standing", hold, timed=False)
    assert [membership.room for membership in standing.memberships] == ["milk"]
    assert await node.ask("join", hold, "tea", False) is Denied.MISSING


async def test_a_room_that_is_made_again_before_its_data_are_deleted_keeps_its_own(
    place: Place,
) -> None:
    """A node removed the room, which nobody used, and died before it deleted the data."""
    async with place.doomed() as doomed:
        ana, _ = await doomed.hello("s1", "ana", rooms=["tea"])
        await doomed.say(ana, "tea", "old")
        await doomed.ask("leave", ana, "tea")
    await place.redis.zadd("chat:{c}:idle", {"tea": 1})
    assert (await place.run("reap", "op", 30_000, 86_400_000, 100, 9e15))[2] == 1
    node = await place.node()
    bo, _ = await node.hello("s2", "bo")
    joined = await node.ask("join", bo, "tea", True)
    assert joined.created and isinstance(await node.say(bo, "tea", "new"), Stored)
    # At once, and once more a minute later.
    for left in (1, 0):
        await node.settled()
        marks: list[Any] = await place.redis.zrange("chat:{c}:outs", 0, -1)
        assert len(marks) == left
        assert await node.texts("r:tea") == ["new"] and await nicks(node) == ["bo"]
        if marks:
            await place.redis.zadd("chat:{c}:outs", {marks[0]: 1})
