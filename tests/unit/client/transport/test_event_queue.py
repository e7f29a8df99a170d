"""What was heard waits for its reader, and not without bound."""

import asyncio

import pytest

from client.transport.event_queue import MOST_WAITING, EventQueue, Received


def item(number: int) -> Received:
    """A line that can be told from others."""
    return Received(None, b"%d" % number)


async def read(feed: EventQueue) -> list[bytes]:
    """Read to the end."""
    return [received.line async for received in feed.take()]


async def test_what_was_put_in_comes_out_in_order() -> None:
    feed = EventQueue()
    for number in range(3):
        feed.put(item(number))
    feed.end(None)
    assert await read(feed) == [b"0", b"1", b"2"]


async def test_a_reader_waits_for_what_comes() -> None:
    feed = EventQueue()
    reading = asyncio.create_task(read(feed))
    await asyncio.sleep(0)
    feed.put(item(1))
    await asyncio.sleep(0)
    feed.end(None)
    assert await reading == [b"1"]


async def test_a_failure_is_raised_after_what_came_before_it() -> None:
    feed = EventQueue()
    feed.put(item(1))
    feed.end(ValueError("the end"))
    lines = []
    with pytest.raises(ValueError, match="the end"):
        async for received in feed.take():
            lines.append(received.line)
    assert lines == [b"1"]


async def test_without_a_reader_only_the_newest_are_kept() -> None:
    feed = EventQueue()
    for number in range(MOST_WAITING + 10):
        feed.put(item(number))
    assert not feed.is_full and feed.has_room
    feed.end(None)
    lines = await read(feed)
    assert len(lines) == MOST_WAITING and lines[0] == b"10"


async def test_with_a_slow_reader_it_gets_full_and_then_has_room_again() -> None:
    feed = EventQueue()
    feed.put(item(0))
    reader = feed.take()
    await anext(reader)
    for number in range(MOST_WAITING):
        feed.put(item(number))
    assert feed.is_full and not feed.has_room
    for _ in range(MOST_WAITING // 2):
        await anext(reader)
    assert feed.has_room
    await reader.aclose()
    feed.put(item(7))
    assert not feed.is_full
