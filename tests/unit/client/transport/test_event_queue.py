"""What was heard waits for its reader, and not without bound."""

import asyncio

import pytest

from client.protocol.events import Received
from client.transport.event_queue import MOST_BYTES, MOST_WAITING, OVERFULL, EventQueue


def item(number: int) -> Received:
    """A line that can be told from others."""
    return Received(None, b"%d" % number)


async def read(queue: EventQueue) -> list[bytes]:
    """Read to the end."""
    return [received.line async for received in queue.take()]


async def test_events_come_out_in_order() -> None:
    queue = EventQueue()
    for number in range(3):
        queue.put(item(number))
    queue.end(None)
    assert await read(queue) == [b"0", b"1", b"2"]


async def test_a_reader_waits_for_what_comes() -> None:
    queue = EventQueue()
    reading = asyncio.create_task(read(queue))
    await asyncio.sleep(0)
    queue.put(item(1))
    await asyncio.sleep(0)
    queue.end(None)
    assert await reading == [b"1"]


async def test_a_failure_is_raised_after_what_came_before_it() -> None:
    queue = EventQueue()
    queue.put(item(1))
    queue.end(ValueError("the end"))
    lines = []
    with pytest.raises(ValueError, match="the end"):
        async for received in queue.take():
            lines.append(received.line)
    assert lines == [b"1"]


async def test_without_a_reader_only_the_newest_are_kept() -> None:
    queue = EventQueue()
    for number in range(MOST_WAITING + 10):
        queue.put(item(number))
    assert not queue.is_full and queue.has_room
    queue.end(None)
    lines = await read(queue)
    assert len(lines) == MOST_WAITING and lines[0] == b"10"


async def test_with_a_slow_reader_it_gets_full_and_then_has_room_again() -> None:
    queue = EventQueue()
    queue.put(item(0))
    reader = queue.take()
    await anext(reader)
    for number in range(MOST_WAITING):
        queue.put(item(number))
    assert queue.is_full and not queue.has_room
    for _ in range(MOST_WAITING // 2):
        await anext(reader)
    assert queue.has_room
    queue.abandon()
    queue.put(item(7))
    assert not queue.is_full


async def test_the_bytes_of_the_lines_count_as_well() -> None:
    queue = EventQueue()
    reader = queue.take()
    queue.put(item(0))
    await anext(reader)
    long = Received(None, b"x" * (MOST_BYTES // 4))
    for number in range(4 * OVERFULL):
        assert queue.is_full is (number >= 4) and not queue.is_overfull
        queue.put(long)
    assert queue.is_overfull and not queue.has_room
    queue.abandon()
    queue.put(long)
    assert not queue.is_overfull, "without a reader the oldest are dropped"
