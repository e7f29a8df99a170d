"""Notices that a node has appended for its sessions: their frames come with the replies, too."""

from node.brokers.config import BrokerConfig
from node.core.entries import Append, Frame, Position
from node.core.model import FencingToken
from tests.integration.brokers.bench import Node, Place


async def begun(node: Node) -> FencingToken:
    """Return the hold on a session in `tea`, which is followed; forget what it has led to."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.watch("r:tea")
    await node.events.hears("confirmed", "r:tea")
    node.events.notices.clear()
    return hold


def told(found: list[Frame]) -> list[tuple[str, bytes, int, bytes, bytes, bytes, bytes]]:
    """Return what of frames with one entry can be compared."""
    return [
        (
            one.log,
            one.epoch,
            one.first,
            one.prev,
            one.branch,
            one.entries[0].id,
            one.entries[0].body,
        )
        for one in found
    ]


async def test_a_hello_brings_its_notices(node: Node) -> None:
    await node.hello("s1", "ana", rooms=["tea", "milk"])
    tea, milk = node.events.notices
    assert (tea.frame.log, milk.frame.log) == ("r:tea", "r:milk")
    for notice in (tea, milk):
        top = await node.top(notice.frame.log)
        assert notice == Append(notice.frame, Position(top.epoch, 0, b"0"), guarded=False)
        [entry] = notice.frame.entries
        assert (entry.kind, entry.body) == (b"e", b'"nick":"ana"}')
        assert Position(notice.frame.epoch, entry.offset, entry.id) == top
    node.events.notices.clear()
    await node.hello("s1")
    assert node.events.notices == [], "a session that goes on enters no room"


async def test_each_notice_is_as_its_frame(node: Node) -> None:
    ana = await begun(node)
    bo, _ = await node.hello("s2", "bo")
    await node.ask("join", bo, "tea", False)
    await node.ask("rename", bo, "cy", "cy")
    await node.ask("leave", bo, "tea")
    await node.events.until(lambda: len(node.events.frames) == 3)
    notices = [notice.frame for notice in node.events.notices]
    assert told(notices) == told(node.events.frames)
    assert [frame.entries[0].kind for frame in notices] == [b"e", b"r", b"l"]
    assert await node.ask("join", ana, "tea", False) and len(node.events.notices) == 3


async def test_a_reply_that_brings_a_notice_is_answered_afterwards(node: Node) -> None:
    hold = await begun(node)
    seen: list[int] = []
    node.broker.leave(hold, "tea", node.deadline(), lambda _: seen.append(len(node.events.notices)))
    await node.idle()
    assert seen == [1]


async def test_a_notice_names_the_branch_that_its_log_is_in(node: Node, place: Place) -> None:
    hold = await begun(node)
    await place.redis.hset("chat:{r:tea}", "branch", "b7")
    await node.ask("leave", hold, "tea")
    [notice] = node.events.notices
    assert notice.frame.branch == b"b7"


async def test_a_quiet_room_has_no_notices(place: Place) -> None:
    node = await place.node(BrokerConfig(notices=0))
    await node.hello("s2", "cy", rooms=["tea"])
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.ask("join", hold, "milk", True)
    await node.ask("rename", hold, "bo", "bo")
    await node.ask("leave", hold, "tea")
    assert node.events.notices == []
