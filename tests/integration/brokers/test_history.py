"""Pages of a room's messages, and parts of logs for readers."""

import asyncio
import gc
from typing import Literal

from node.brokers.config import BrokerConfig
from node.brokers.history import PAGE_BYTES
from node.core.entries import START, UNKNOWN, Entry, Position, Slice
from node.core.model import FencingToken
from tests.integration.brokers.bench import Node, Place, wait


async def filled(node: Node, number: int = 10) -> tuple[FencingToken, list[Position]]:
    """Return a session in `tea`, where it has said some things; everybody else comes and goes."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    positions = []
    for name in range(number):
        kept = await wait(node.say(hold, "tea", f"t{name}"))
        found = Position.parse(kept.position)
        assert found is not None
        positions.append(found)
        if name % 3 == 0:
            await node.hello(f"x{name}", f"nick{name}", rooms=["tea"])
    return hold, positions


async def page(
    node: Node, how: Literal["before", "upto", "after"], position: object, limit: int
) -> tuple[list[str], bool]:
    """Return the texts of a page, and whether there are more."""
    epoch, found, more = await node.ask("history", "tea", how, str(position), limit)
    assert epoch == (await node.top("r:tea")).epoch
    return [entry.body.split(b'"text":"')[1][:-2].decode() for entry in found], more


async def test_history_leaves_out_who_came_and_went(node: Node) -> None:
    _, places = await filled(node)
    texts = [f"t{number}" for number in range(10)]
    assert await page(node, "before", "", 50) == (texts, False)
    assert await page(node, "before", "", 10) == (texts, False)
    assert await page(node, "before", "", 3) == (texts[7:], True)
    assert await page(node, "before", places[4], 3) == (texts[1:4], True)
    assert await page(node, "before", places[4], 4) == (texts[:4], False)
    assert await page(node, "upto", places[4], 2) == (texts[3:5], True)
    assert await page(node, "after", places[4], 3) == (texts[5:8], True)
    assert await page(node, "after", places[4], 5) == (texts[5:], False)
    assert await page(node, "after", places[9], 5) == ([], False)
    assert await page(node, "before", places[0], 5) == ([], False)


async def test_the_position_of_any_entry_will_do(node: Node) -> None:
    _, places = await filled(node)
    entered = places[3]._replace(offset=places[3].offset + 1)
    found: Slice = await node.ask("tail", "r:tea", 1000, timed=False)
    [id] = [entry.id for entry in found.entries if entry.offset == entered.offset]
    assert (await page(node, "after", entered._replace(id=id), 1))[0] == ["t4"]


async def test_a_position_that_is_not_known_counts_as_the_oldest(place: Place, node: Node) -> None:
    _, places = await filled(node)
    unknown = places[5]._replace(id=b"never")
    assert await page(node, "before", unknown, 5) == ([], False)
    assert await page(node, "after", unknown, 2) == (["t0", "t1"], True)
    assert await page(node, "after", START, 2) == (["t0", "t1"], True)
    moved = places[5]._replace(epoch=b"k9", offset=77)
    assert await page(node, "after", moved, 2) == (["t0", "t1"], True)
    await place.redis.hset("chat:{r:tea}", "moved", str(places[5].offset))
    row = f"{places[5].offset} k9-77 1"
    await place.redis.hset("chat:{r:tea}:moved", places[5].id.decode(), row)
    assert await page(node, "after", moved, 2) == (["t6", "t7"], True)


async def test_a_page_fits_into_a_line(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    text = "x" * 20_000
    await asyncio.gather(*[wait(node.say(hold, "tea", text)) for _ in range(60)])
    found, more = await page(node, "before", "", 200)
    assert more and PAGE_BYTES * 0.9 < sum(map(len, found)) < PAGE_BYTES
    rest, _ = await page(node, "after", "0-0-0", 200)
    assert len(rest) == len(found)


async def read(node: Node, position: Position, limit: int = 1000) -> Slice:
    """Read `tea` after a position."""
    found: Slice = await node.ask("read", "r:tea", position, UNKNOWN, limit, timed=False)
    return found


async def test_a_log_is_read_after_a_position_that_it_holds(node: Node) -> None:
    _, places = await filled(node, 5)
    top = await node.top("r:tea")
    found = await read(node, places[0], 2)
    assert found.on and found.top == top
    assert [entry.offset for entry in found.entries] == [places[0].offset + 1, places[0].offset + 2]
    assert await read(node, top) == Slice(True, top, [], top.epoch)
    everything = await read(node, START)
    assert everything.on and len(everything.entries) == top.offset
    own = await read(node, Position(top.epoch, 0, b"0"))
    assert own.on and len(own.entries) == top.offset


async def test_no_more_bytes_are_read_than_are_asked_for_but_for_one_entry(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana", rooms=("tea",))
    for _ in range(30):
        await node.say(ana, "tea", "x" * 1000)
    for most, count in ((10_000, 10), (500, 1)):
        page = await node.ask("read", "r:tea", START, UNKNOWN, 100, most_bytes=most, timed=False)
        assert len(page.entries) == count and not page.is_last


async def test_a_position_that_a_log_does_not_hold_gets_a_page_of_the_oldest(node: Node) -> None:
    _, places = await filled(node, 5)
    top = await node.top("r:tea")
    for strange in (
        places[2]._replace(id=b"other"),
        places[2]._replace(epoch=b"k9"),
        top._replace(offset=top.offset + 1),
        top._replace(id=b"other"),
    ):
        found = await read(node, strange, 2)
        assert not found.on and found.top == top
        assert [entry.offset for entry in found.entries] == [1, 2]


async def test_a_trimmed_position_is_held_as_long_as_nothing_after_it_was_trimmed(
    place: Place,
) -> None:
    node = await place.node(BrokerConfig(retained=10))
    _, places = await filled(node, 40)
    found: Slice = await node.ask("tail", "r:tea", 1000, timed=False)
    first = found.entries[0].offset
    before = [each for each in places if each.offset < first]
    last = before[-1]
    assert last.offset == first - 1, "chosen so"
    assert (await read(node, last)).on
    assert not (await read(node, before[-2])).on
    assert not (await read(node, START)).on


async def test_a_log_that_is_not_there_has_no_top(node: Node) -> None:
    assert await node.ask("read", "r:milk", START, UNKNOWN, 5, timed=False) == Slice(
        False, None, []
    )
    assert await node.ask("tail", "r:milk", 5, timed=False) == Slice(False, None, [])


async def test_the_tail_is_the_newest_entries_oldest_first(node: Node) -> None:
    _, places = await filled(node, 5)
    found: Slice = await node.ask("tail", "r:tea", 2, timed=False)
    assert [entry.offset for entry in found.entries] == [places[-1].offset - 1, places[-1].offset]


async def test_the_entry_before_the_oldest_kept_one_is_known_by_its_id(place: Place) -> None:
    node = await place.node(BrokerConfig(retained=10))
    _, places = await filled(node, 40)
    oldest: Slice = await node.ask("read", "r:tea", START, UNKNOWN, 1, timed=False)
    trimmed = oldest.entries[0].offset - 1
    for known in places:
        on = (await node.ask("read", "r:tea", known, UNKNOWN, 1, timed=False)).on
        assert on is (known.offset >= trimmed)
    wrong = Position(places[0].epoch, trimmed, b"other")
    assert not (await node.ask("read", "r:tea", wrong, UNKNOWN, 1, timed=False)).on


async def test_a_page_leaves_no_garbage(place: Place) -> None:
    node = await place.node()
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    text = "x" * 10_000
    await asyncio.gather(*[wait(node.say(hold, "tea", text)) for _ in range(60)])

    def entries() -> int:
        return sum(isinstance(found, Entry) for found in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = entries()
        assert len((await page(node, "before", "", 200))[0]) == 60, "in more than one step"
        await node.idle()
        assert entries() < before + 10, "nothing of the page waits for the garbage collector"
    finally:
        gc.enable()
