"""Direct messages: into the inbox of whoever holds a nick, once, and to the node it is at."""

from node.core.entries import Lost, Position
from node.core.model import Denied, Stored
from tests.integration.brokers.bench import Node, Place


async def test_a_direct_is_kept_in_the_inbox_and_told_to_the_node_of_its_reader(
    place: Place,
) -> None:
    here, there = await place.node(), await place.node()
    ana, _ = await here.hello("s1", "ana")
    await there.hello("s2", "Bo")
    kept = await here.direct(ana, "bo", "hi", "1")
    assert isinstance(kept, Stored) and kept.to == "Bo"
    await there.events.until(lambda: bool(there.events.frames))
    [frame] = there.events.frames
    assert (frame.log, frame.first, frame.prev) == ("i:s2", 1, b"0") and here.events.frames == []
    assert await there.log("i:s2") == [("d", '"from":"ana","to":"Bo","text":"hi"}')]
    assert kept.position == str(await there.top("i:s2"))


async def test_a_nick_that_nobody_holds_gets_nothing(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana")
    assert await node.direct(ana, "bo", "hi", "1") is Denied.NOBODY


async def test_who_is_away_for_a_moment_gets_directs_later(node: Node, place: Place) -> None:
    ana, _ = await node.hello("s1", "ana")
    bo, _ = await node.hello("s2", "bo")
    node.broker.part(bo, quit=False)
    assert isinstance(await node.direct(ana, "bo", "hi"), Stored)
    assert await node.texts("i:s2") == ["hi"]
    _, found = await node.hello("s2")
    assert found.inbox == await node.top("i:s2")


async def test_a_repeated_direct_is_one_message_and_another_one_than_to_a_room(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo")
    first = await node.direct(ana, "bo", "hi", "1")
    assert isinstance(first, Stored)
    again = await node.direct(ana, "nobody", "what?", "1")
    assert isinstance(again, Stored) and (again.position, again.at) == (first.position, first.at)
    assert again.to == "bo" and again.log == "i:s2"
    assert await node.texts("i:s2") == ["hi"]
    reply = await node.say(ana, "tea", "hi", "1")
    assert isinstance(reply, Stored) and reply.log == "r:tea"
    assert await node.texts("r:tea") == ["hi"]


async def test_directs_without_ids_are_kept_once_each(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana")
    for text in ("one", "two", "two"):
        await node.direct(ana, "ana", text)
    assert await node.texts("i:s1") == ["one", "two", "two"]


async def test_an_inbox_ends_with_its_session(node: Node, place: Place) -> None:
    ana, _ = await node.hello("s1", "ana")
    await node.direct(ana, "ana", "hi")
    top = await node.top("i:s1")
    node.broker.part(ana, quit=True)
    await node.idle()
    assert await place.redis.exists("chat:{c}:i:s1", "chat:{c}:i:s1:log") == 0
    _, found = await node.hello("s1", "ana")
    assert found.inbox is None
    start = top._replace(offset=0, id=b"0")
    lost = Lost(start, start, top.epoch, [])
    assert await node.ask("heal", "i:s1", lost, timed=False) == 0


async def test_who_is_renamed_keeps_the_inbox(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana")
    bo, _ = await node.hello("s2", "bo")
    first = await node.direct(ana, "bo", "one", "1")
    await node.ask("rename", bo, "cy", "cy")
    assert await node.direct(ana, "bo", "lost") is Denied.NOBODY
    second = await node.direct(ana, "cy", "two", "2")
    assert isinstance(first, Stored) and isinstance(second, Stored)
    assert await node.texts("i:s2") == ["one", "two"]
    place = Position.parse(second.position)
    assert place is not None and place.offset == 2
