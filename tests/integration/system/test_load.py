"""Many talk at once, and one of them loses its connection in the middle of it."""

import asyncio

from tests.integration.system.conftest import System
from tests.support.lab import Lab, fresh, key
from tests.support.talker import Event, Talker

EACH = 150


async def talk(talker: Talker, room: str, name: str) -> None:
    for number in range(EACH):
        talker.send("send", room=room, text=f"{name} {number}", id=f"{name}-{number}")
        if number % 10 == 9:
            await talker.expect("ack", id=f"{name}-{number}", within=60)


async def everything(talker: Talker, room: str, count: int) -> list[Event]:
    """Wait for so many messages of a room, and return them."""
    while len(found := talker.seen("message", room=room)) < count:
        await talker.expect("message", room=room, within=60)
    return found


async def test_who_is_cut_off_while_all_talk_misses_nothing_and_says_nothing_twice(
    lab: Lab, pair: System
) -> None:
    room, secret, nicks = fresh("busy"), key(), [fresh("t") for _ in range(6)]
    others = [
        await lab.member(pair.nodes[number % 2], nick, rooms=[room])
        for number, nick in enumerate(nicks)
    ]
    first = await lab.member(pair.node, fresh("cut"), key=secret, rooms=[room], attempt=1)
    for talker in (first, *others):
        await talker.expect("joined", room=room)
    async with asyncio.TaskGroup() as tasks:
        for nick, talker in zip(nicks, others, strict=True):
            tasks.create_task(talk(talker, room, nick))
        cut = tasks.create_task(talk(first, room, "cut"))
        await everything(first, room, 100)
        cut.cancel()
        first.abort()
        await first.closed()
        position = first.seen("message", room=room)[-1]["position"]
        again = await lab.connect(pair.other)
        again.send("hello", key=secret, attempt=2, positions={room: position})
        assert (await again.expect("welcome"))["resumed"]
        # What was not acknowledged, and here even what was, is said again.
        tasks.create_task(talk(again, room, "cut"))
    count = EACH * (len(nicks) + 1)
    orders = [
        [(event["position"], event["text"]) for event in await everything(talker, room, count)]
        for talker in others
    ]
    there = len(first.seen("message", room=room))
    here = await everything(again, room, count - there)
    orders.append(
        [(e["position"], e["text"]) for e in first.seen("message", room=room) + here],
    )
    assert all(order == orders[0] for order in orders)
    assert len(orders[0]) == len(set(orders[0])) == count
    assert {text for _, text in orders[0]} == {
        f"{name} {number}" for name in [*nicks, "cut"] for number in range(EACH)
    }
    for name in [*nicks, "cut"]:
        said = [text for _, text in orders[0] if text.startswith(f"{name} ")]
        assert said == [f"{name} {number}" for number in range(EACH)], "one's own order is kept"
    assert not again.seen("gap") and not others[0].seen("left")
    assert len(others[0].seen("entered", room=room)) == len(nicks)


async def test_a_reader_that_is_slow_hurts_nobody_and_misses_nothing(
    lab: Lab, pair: System
) -> None:
    room, count = fresh("slow"), 700
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    slow = await lab.member(pair.node, fresh("slow"), rooms=[room])
    reader = await lab.member(pair.node, fresh("reader"), rooms=[room])
    for talker in (slow, reader):
        await talker.expect("joined", room=room)
    slow.pause_reading()
    for number in range(count):
        author.send("send", room=room, text=f"{number} {'€' * 1300}", id=str(number))
        if number % 50 == 49:
            await author.expect("ack", id=str(number))
    await reader.expect("message", id=str(count - 1))
    slow.resume_reading()
    await slow.expect("message", id=str(count - 1))
    for talker in (slow, reader, author):
        messages = talker.seen("message", room=room)
        assert [event["id"] for event in messages] == [str(number) for number in range(count)]
        assert not talker.seen("gap", "bye")
