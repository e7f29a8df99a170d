"""A room that gets lost entries back says `left` behind the other entries of the session."""

import asyncio
from typing import Any

import pytest

from node.core.entries import Position
from node.core.model import FencingToken, Restored, Unavailable
from tests.integration.brokers.bench import Node, Place, wait
from tests.integration.brokers.test_heal import LOG, Before, cut, heal, whole
from tests.integration.brokers.test_hello import PATIENT
from tests.integration.brokers.test_restore import memory, restore

REASONS = {"join": "left", "hello": "quit"}
LEFT = ("l", '"nick":"ana","reason":"quit"}')


async def entered(place: Place, node: Node) -> tuple[FencingToken, Before, bytes]:
    """Let bob and ana enter a room; return her, what it loses of her, and her seat in it."""
    await node.hello("s2", "bob", rooms=["tea"])
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    seat = await place.redis.hget("chat:{r:tea}:seats", "s1")
    assert isinstance(seat, bytes)
    return hold, await take_back(place, node), seat


async def take_back(place: Place, node: Node, keep: int = 1) -> Before:
    """Take back all entries of the room but the first ones; return them."""
    found = await whole(node)
    assert found.top is not None
    base = found.entries[keep - 1]
    await cut(place, keep)
    return Before(Position(found.top.epoch, base.offset, base.id), found.entries[keep:], [])


async def lose_seat(place: Place, left: int = 1) -> None:
    """Take her seat back as well; ``left`` is how many seats the room remembers."""
    await place.redis.hdel("chat:{r:tea}:seats", "s1")
    await place.redis.zrem("chat:{r:tea}:members", "ana\0ana")
    await place.redis.hset("chat:{r:tea}", "size", str(left))


async def quit(node: Node, hold: FencingToken) -> None:
    """End a session, as its client wants it."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    node.broker.part(hold, True, lambda: done.set_result(None))
    await wait(done)


@pytest.mark.parametrize("seated", [False, True])
async def test_who_quits_before_the_entry_of_coming_in_is_back_is_told_of_after_it(
    place: Place, node: Node, seated: bool
) -> None:
    early = await place.node(PATIENT)
    hold, before, _ = await entered(place, early)
    if not seated:
        await lose_seat(place)
    await quit(early, hold)
    assert [kind for kind, _ in await node.log(LOG)] == ["e"]
    assert await heal(early, before) == 1
    await node.settled()
    kinds = await node.log(LOG)
    assert [kind for kind, _ in kinds] == ["e", "e", "l"] and kinds[2] == LEFT
    assert await place.redis.zcard("chat:{c}:outs") == 0


@pytest.mark.parametrize("restored", [False, True])
async def test_who_quits_before_the_entry_of_its_nick_is_back_is_told_of_after_it(
    place: Place, node: Node, restored: bool
) -> None:
    """Also if its node has put back the nick, of which the room says nothing."""
    early = await place.node(PATIENT)
    hold, _ = await early.hello("s1", "bo", rooms=["tea"])
    seat = await place.redis.hget("chat:{r:tea}:seats", "s1")
    await early.ask("rename", hold, "ana", "ana")
    before = await take_back(place, early)
    assert isinstance(seat, bytes)
    await place.redis.hset("chat:{r:tea}:seats", "s1", seat)
    if restored:
        known = memory(early, hold, "ana", "tea")
        assert isinstance(await restore(early, known), Restored)
        hold = known.token
    await quit(early, hold)
    assert [kind for kind, _ in await node.log(LOG)] == ["e"]
    assert await heal(early, before) == 1
    await node.settled()
    kinds = await node.log(LOG)
    assert [kind for kind, _ in kinds] == ["e", "r", "l"] and kinds[2] == LEFT


async def test_that_a_session_has_left_before_does_not_mean_that_it_has_left_now(
    place: Place, node: Node
) -> None:
    early = await place.node(PATIENT)
    hold, _ = await early.hello("s1", "ana", rooms=["tea"])
    await early.ask("leave", hold, "tea")
    gone: Any = await place.redis.zscore("chat:{r:tea}:gone", "s1")
    await early.ask("join", hold, "tea", False)
    before = await take_back(place, early, keep=2)
    await lose_seat(place, left=0)
    await place.redis.zadd("chat:{r:tea}:gone", {"s1": gone})
    await quit(early, hold)
    assert [kind for kind, _ in await node.log(LOG)] == ["e", "l"]
    assert await heal(early, before) == 1
    await node.settled()
    assert [kind for kind, _ in await node.log(LOG)] == ["e", "l", "e", "l"]
    assert (await node.log(LOG))[3] == LEFT


@pytest.mark.parametrize("how", ["join", "hello"])
async def test_who_comes_in_again_meanwhile_is_told_to_have_left_first(
    place: Place, how: str
) -> None:
    """Where it joined is a position that the room knows, so it reads on from there."""
    early = await place.node(PATIENT)
    hold, _, _ = await entered(place, early)
    if how == "join":
        assert await early.ask("leave", hold, "tea") is Unavailable.UNREACHABLE
        position = (await early.ask("join", hold, "tea", False)).position
    else:
        await quit(early, hold)
        _, found = await early.hello("s1", "ana", rooms=["tea"])
        position = found.memberships[0].position
    told = await early.log(LOG)
    assert [kind for kind, _ in told] == ["e", "l", "e"]
    assert told[1] == ("l", f'"nick":"ana","reason":"{REASONS[how]}"}}')
    assert position == str(await early.top(LOG))


async def test_who_left_without_a_seat_is_told_of_if_nothing_comes_back(
    place: Place, node: Node
) -> None:
    early = await place.node(PATIENT)
    hold, _, _ = await entered(place, early)
    await lose_seat(place, left=2)
    await quit(early, hold)
    assert [kind for kind, _ in await node.log(LOG)] == ["e"]
    await place.run("top", LOG, "", log=LOG)
    await node.settled()
    assert (await node.log(LOG))[1:] == [LEFT]


async def test_who_left_while_it_was_not_back_is_told_of_if_it_never_comes_back(
    place: Place, node: Node
) -> None:
    early = await place.node(PATIENT)
    hold, _, _ = await entered(place, early)
    assert await early.ask("leave", hold, "tea") is Unavailable.UNREACHABLE
    await node.settled()
    assert await node.log(LOG) == [
        ("e", '"nick":"bob"}'),
        ("l", '"nick":"ana","reason":"left"}'),
    ]


async def test_who_leaves_while_the_room_still_tells_the_coming_in_is_told_of_at_once(
    place: Place,
) -> None:
    early = await place.node(PATIENT)
    await early.hello("s2", "bob", rooms=["tea"])
    hold, _ = await early.hello("s1", "ana", rooms=["tea"])
    await quit(early, hold)
    assert (await early.log(LOG))[2:] == [LEFT]


async def test_who_leaves_after_it_was_put_back_elsewhere_is_told_of_at_once(place: Place) -> None:
    early = await place.node(PATIENT)
    hold, before, seat = await entered(place, early)
    await early.hello("s3", "cleo", rooms=["tea"])
    assert await heal(early, before) == 1
    # Its node gave the session the seat that it knew, whose position is the lost one.
    await place.redis.hset("chat:{r:tea}:seats", "s1", seat)
    await quit(early, hold)
    kinds = await early.log(LOG)
    assert [kind for kind, _ in kinds] == ["e", "e", "e", "l"] and kinds[3] == LEFT
