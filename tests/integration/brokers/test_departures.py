"""Whoever has left is told to have left, by any node, however many there are."""

import asyncio
from typing import Any

from node.brokers import janitor
from tests.integration.brokers.bench import WITHIN, Node, Place
from tests.integration.brokers.test_reap import reap

MANY = janitor.LISTED + 30


async def left(node: Node, room: str) -> int:
    """Return how many are told to have left a room."""
    return [kind for kind, _ in await node.log("r:" + room)].count("l")


async def settled(place: Place, node: Node) -> None:
    """Wait until no departure is still to be told. No reply is lost from now on.

    After a loss a room without the seat waits until its log must be back.
    """
    place.losses.wanted = False
    async with asyncio.timeout(WITHIN):
        while await noted(place):
            await node.settled()


async def noted(place: Place) -> list[bytes]:
    """Return whose departures are still to be told."""
    found: Any = await place.redis.zrange("chat:{c}:outs", 0, -1)
    return list(found)


async def test_more_departures_than_one_call_lists_are_told(place: Place, node: Node) -> None:
    async with place.doomed() as dead:
        hellos = [
            dead.hello(f"u{number}", f"nick{number}", keyed=False, rooms=["tea"])
            for number in range(MANY)
        ]
        await asyncio.gather(*hellos)
    while (await reap(place))[3]:
        pass
    await node.settled()
    assert await left(node, "tea") == MANY
    assert await noted(place) == [] and await place.redis.hlen("chat:{c}:nicks") == 0


async def test_many_rooms_of_many_sessions_are_told(place: Place, node: Node) -> None:
    rooms = [f"room{number:02}" for number in range(40)]
    async with place.doomed() as dead:
        for number in range(20):
            await dead.hello(f"u{number}", f"nick{number}", keyed=False, rooms=rooms)
    while (await reap(place))[3]:
        pass
    await node.settled()
    assert [await left(node, room) for room in rooms] == [20] * 40
    assert await noted(place) == []


async def test_departures_that_cannot_be_told_now_do_not_keep_others_waiting(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await place.redis.set("chat:{r:bad}:seats", "no seats")
    waiting: Any = {f"x{number:03}": 1 for number in range(MANY)}
    for session in waiting:
        await place.redis.hset(
            f"chat:{{c}}:out:{session}", "1 bad", f"op0 lost op1 b1 {session} {session} "
        )
    await place.redis.zadd("chat:{c}:outs", waiting)
    await place.run("part", "op2", *hold, "quit", 0)
    await node.settled()
    assert await left(node, "tea") == 1
    assert await noted(place) == [session.encode() for session in sorted(waiting)]
    await place.redis.delete("chat:{r:bad}:seats")
    await settled(place, node)


async def test_how_many_departures_wait_and_since_when_is_known(place: Place, node: Node) -> None:
    counts, year_ms = node.broker.counts, 31_536_000_000
    now = (await place.redis.time())[0] * 1000
    # What is noted again for a later time does not wait yet.
    noted: Any = {"x1": now - year_ms, "x2": now - 5000, "+den b1": now + 60_000}
    await place.redis.set("chat:{r:bad}:seats", "no seats")
    for session in ("x1", "x2"):
        out = f"op0 lost op1 b1 {session} {session} "
        await place.redis.hset(f"chat:{{c}}:out:{session}", "1 bad", out)
    await place.redis.zadd("chat:{c}:outs", noted)
    await node.settled()
    assert counts.outs == 2 and year_ms / 1000 <= counts.outs_oldest < year_ms / 1000 + 600
    await place.redis.delete("chat:{r:bad}:seats")
    place.losses.wanted = False  # After a loss the room would wait until its log must be back.
    await node.settled()
    await node.settled()
    assert (counts.outs, counts.outs_oldest) == (0, 0.0)


async def test_rooms_that_have_ended_are_deleted_however_many_there_are(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana")
    for number in range(MANY):
        await node.ask("join", hold, f"room{number}", True)
        await node.ask("leave", hold, f"room{number}")
    await place.redis.zadd("chat:{c}:idle", {f"room{number}": 1 for number in range(MANY)})
    while (await reap(place))[3]:
        pass
    await node.settled()
    assert [key async for key in place.redis.scan_iter("chat:{r:room*")] == []
