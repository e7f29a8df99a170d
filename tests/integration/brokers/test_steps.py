"""What is too much for one call is done by several, and comes to the same."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from node.brokers import moderation_sync, scripts
from node.brokers.calls import Next
from node.brokers.publish_batch import BYTES, Publish
from node.core.entries import Append, Position
from node.core.model import FencingToken, PendingMessage, Stored
from tests.integration.brokers.bench import REAPING, Node, Place, RecordingEvents, wait

NEVER = 9e15


async def fill(
    place: Place, room: str, count: int, kind: str = "m", prefix: str = "x", id: str = ""
) -> None:
    """Append entries to a log, as others do; ``id`` is that of all of them."""
    key = "chat:{r:" + room + "}"
    top = int(await place.redis.hget(key, "top") or 0)
    pipe = place.redis.pipeline()
    for offset in range(top + 1, top + count + 1):
        head, body = f"{kind} {id or prefix + str(offset)} 17 -", '"from":"bo","text":"x"}'
        pipe.xadd(key + ":log", {"h": head, "b": body}, id=f"{offset}-0")
    pipe.hset(key, mapping={"top": top + count, "id": id or f"{prefix}{top + count}"})
    await pipe.execute()


# Repeated messages without ids


class Repeated:
    """A batch whose first reply was lost."""

    def __init__(self, place: Place, hold: FencingToken, seen: Position, count: int) -> None:
        self.place = place
        self.told: list[Any] = []
        self.looks: list[str] = []
        events = RecordingEvents()
        events.known["r:tea"] = seen
        self.publish = Publish("tea", 1000, events)
        for number in range(count):
            body = b'"from":"ana","text":"t%d"}' % number
            post = PendingMessage(hold, b"9e%d" % number, "", body, NEVER, self.told.append)
            self.publish.add(post)

    async def call(self) -> Any:
        """Make the call once, and return its reply; None if there is nothing left to do."""
        args: Sequence[Any] | None = self.publish.args()
        if args is None:
            return None
        count, *rest = args
        self.looks.append(rest[count + 6])
        return await self.place.redis.eval(scripts.source("publish"), count, *rest)

    async def again(self) -> None:
        """Make it again until it is done."""
        self.publish.lost()
        while (reply := await self.call()) and self.publish.reply(reply) is Next.MORE:
            pass


async def test_a_repeat_finds_its_messages_behind_many_others(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await fill(place, "tea", 300, prefix="old")
    seen = await node.top("r:tea")
    repeated = Repeated(place, hold, seen, 3)
    await fill(place, "tea", 70, prefix="b")
    first = await repeated.call()
    await fill(place, "tea", 120, prefix="c")
    top = await node.top("r:tea")
    await repeated.again()
    assert await node.top("r:tea") == top
    epoch, offset = seen.epoch.decode(), seen.offset
    places = [f"{epoch}-{offset + 71 + number}-9e{number}" for number in range(3)]
    assert [kept.position for kept in repeated.told] == places
    assert {kept.at for kept in repeated.told} == {int(first[2])}
    # It begins behind what the node had seen, and is done as soon as all are found.
    assert repeated.looks == ["", f"{epoch}-{offset}", f"{epoch}-{offset + 50}"]


async def test_a_repeat_of_what_was_not_done_does_it_after_it_has_looked(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    repeated = Repeated(place, hold, await node.top("r:tea"), 2)
    assert repeated.publish.args() is not None
    await fill(place, "tea", 120)
    await repeated.again()
    assert [Position.parse(kept.position) for kept in repeated.told] == [
        Position((await node.top("r:tea")).epoch, 122 + number, b"9e%d" % number)
        for number in range(2)
    ]
    assert len(repeated.looks) == 3


async def test_a_repeat_to_a_log_that_went_back_looks_through_all_of_it(
    place: Place, node: Node
) -> None:
    """What was put back may be anywhere behind the place where the logs part."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await fill(place, "tea", 60)
    top = await node.top("r:tea")
    repeated = Repeated(place, hold, top._replace(offset=top.offset + 5, id=b"lost"), 1)
    repeated.publish.args()
    repeated.publish.lost()
    assert repeated.publish.reply(await repeated.call()) is Next.WAIT
    repeated.publish._events.known["r:tea"] = top  # type: ignore[attr-defined]
    await fill(place, "tea", 1, id="9e0")
    await place.redis.xtrim("chat:{r:tea}:log", maxlen=1000)
    await repeated.again()
    assert repeated.looks[-2:] == ["-0", f"{top.epoch.decode()}-50"]


async def test_a_repeat_brings_its_entry_also_before_what_the_node_saw_last(
    place: Place, node: Node
) -> None:
    """What a node saw last may be its own entry, and the frames before that still to come."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    events = RecordingEvents()

    async def say(id: bytes, token: str) -> Append | None:
        publish = Publish("tea", 1000, events)
        body = b'"from":"ana","text":"hi"}'
        publish.add(PendingMessage(hold, id, token, body, NEVER, lambda reply: None))
        count, *rest = publish.args() or ()
        publish.reply(await place.redis.eval(scripts.source("publish"), count, *rest))
        return events.appends.pop() if events.appends else None

    first = await say(b"9e1", "m1")
    await say(b"9e2", "m2")
    events.known["r:tea"] = await node.top("r:tea")
    again = await say(b"9e3", "m1")
    assert first is not None and again is not None
    assert again.frame.entries[0].id == b"9e1"
    assert again.base.offset == again.frame.first - 1 == first.frame.first - 1


async def test_a_batch_is_not_longer_than_redis_can_take_at_once() -> None:
    publish = Publish("tea", 1000, RecordingEvents())
    for number in range(100):
        body = b"x" * (BYTES // 10)
        publish.add(
            PendingMessage(
                FencingToken("s1", "n.1"), b"1%d" % number, "", body, NEVER, lambda reply: None
            )
        )
    args = publish.args()
    assert args is not None and len(args) == 14 + 10 * 5 and publish.weight == 2


# Ids


async def test_old_ids_of_many_authors_are_forgotten_one_author_at_a_time(
    place: Place, node: Node
) -> None:
    holds = []
    for number in range(3):
        hold, _ = await node.hello(f"s{number}", f"nick{number}", rooms=["tea"])
        ids: Any = {f"t{n}": f"{1_000 + n} k1-{n}-a {1_000 + n}" for n in range(2001)}
        await place.redis.hset(f"chat:{{r:tea}}:sent:s{number}", mapping=ids)
        holds.append(hold)
    sizes = []
    for turn in range(4):
        for reply in [node.say(hold, "tea", "hi", f"new{turn}") for hold in holds]:
            assert isinstance(await wait(reply), Stored)
        lengths = [await place.redis.hlen(f"chat:{{r:tea}}:sent:s{number}") for number in range(3)]
        sizes.append(sum(length > 2000 for length in lengths))
    assert sizes == [2, 1, 0, 0]
    for number in range(3):
        kept = await place.redis.hkeys(f"chat:{{r:tea}}:sent:s{number}")
        assert {b"t2000", b"new0", b"new3"} <= set(kept) and b"t0" not in kept


# History


async def test_a_page_is_found_behind_many_who_came_and_went(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    first = await wait(node.say(hold, "tea", "first"))
    await fill(place, "tea", 1200, kind="e", prefix="e")
    second = await wait(node.say(hold, "tea", "second"))
    for how, position, limit, texts, more in (
        ("before", "", 5, ["first", "second"], False),
        ("before", "", 2, ["first", "second"], False),
        ("before", "", 1, ["second"], True),
        ("before", second.position, 5, ["first"], False),
        ("upto", second.position, 5, ["first", "second"], False),
        ("after", first.position, 5, ["second"], False),
        ("after", "zz-0-0", 1, ["first"], True),
    ):
        _, found, left = await node.ask("history", "tea", how, position, limit)
        assert [entry.body.split(b'"')[-2].decode() for entry in found] == texts
        assert left is more


# Closed rooms


async def crowded(place: Place, node: Node) -> FencingToken:
    """Return a session in `tea`, where many others are."""
    hold, found = await node.hello("s1", "zoe", rooms=["tea"])
    pipe = place.redis.pipeline()
    birth, epoch = found.memberships[0].birth, (await node.top("r:tea")).epoch.decode()
    for number in range(700):
        nick = f"m{number:03}"
        pipe.hset("chat:{r:tea}:seats", "sid" + nick, f"1 op0 n.1 {epoch}-1-a {nick} {nick}")
        pipe.zadd("chat:{r:tea}:members", {f"{nick}\0{nick}": 0})
        pipe.hset("chat:{c}:nicks", nick, "sid" + nick)
        pipe.hset("chat:{c}:rooms:sid" + nick, "tea", birth)
    pipe.hset("chat:{r:tea}", "size", 701)
    pipe.hset("chat:{c}:counts", "tea", 701)
    await pipe.execute()
    return hold


async def noted(place: Place) -> int:
    """Return how many sessions are in the room `tea` that there is."""
    keys = [key async for key in place.redis.scan_iter("chat:{c}:rooms:*", count=1000)]
    birth = await place.redis.hget("chat:{c}:births", "tea")
    return sum([await place.redis.hget(key, "tea") == birth for key in keys])


async def test_a_large_room_is_closed_at_once(place: Place, node: Node) -> None:
    await crowded(place, node)
    async with place.moderator() as moderator:
        assert await moderator.close("tea", "") == 701
        assert not await moderator.has_room("tea")
    await node.settled()
    assert not [key async for key in place.redis.scan_iter("chat:{r:tea}*")]
    assert not await place.redis.hexists("chat:{c}:counts", "tea")


async def test_who_is_in_a_new_room_of_the_same_name_stays_there(place: Place, node: Node) -> None:
    hold = await crowded(place, node)
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    joined = await node.ask("join", hold, "tea", True)
    assert joined.created and joined.members == 1
    assert (await node.ask("members", "tea", "")) == (["zoe"], False)
    assert await noted(place) == 1
    assert ("tea", 1) in (await node.ask("rooms", ""))[0]


async def test_who_goes_on_is_not_in_a_closed_room(place: Place, node: Node) -> None:
    await crowded(place, node)
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    assert await place.redis.hexists(
        "chat:{c}:rooms:s1", "tea"
    ), "it names the room that was closed"
    hold, found = await node.hello("s1", rooms=["milk"])
    assert [membership.room for membership in found.memberships] == ["milk"]
    standing = await node.ask("standing", hold, timed=False)
    assert [membership.room for membership in standing.memberships] == ["milk"]


async def test_another_nick_brings_nobody_into_a_closed_room(place: Place, node: Node) -> None:
    hold = await crowded(place, node)
    async with place.moderator() as moderator:
        await moderator.close("tea", "")
    assert isinstance(await node.ask("rename", hold, "yo", "yo"), tuple)
    await node.settled()
    assert not await place.redis.exists("chat:{r:tea}", "chat:{r:tea}:log", "chat:{r:tea}:members")
    assert not await place.redis.hexists("chat:{c}:rooms:s1", "tea")


# Reaping


async def test_one_call_ends_a_session_in_many_rooms_but_not_two(place: Place, node: Node) -> None:
    rooms = [f"r{number}" for number in range(50)]
    for number in range(3):
        hold, _ = await node.hello(f"s{number}", f"nick{number}", rooms=rooms)
        node.broker.part(hold, False)
    await node.idle()
    for number in range(3):
        await place.redis.zadd("chat:{c}:grace", {f"s{number}": 1})
    reap = ("reap", "op", 30_000, 86_400_000, 100, NEVER)
    assert [(await place.run(*reap))[1:] for _ in range(4)] == [
        [1, 0, 1],
        [1, 0, 1],
        [1, 0, 1],
        [0, 0, 0],
    ]


async def test_a_node_that_reaps_goes_on_until_all_is_done(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = [f"r{number}" for number in range(20)]
    async with place.doomed() as doomed:
        for number in range(9):
            await doomed.hello(f"u{number}", f"nick{number}", keyed=False, rooms=rooms)
    # Here, because the other one may reap by itself at any time.
    with caplog.at_level("INFO", "node.brokers.upkeep"):
        other = await place.node(REAPING)
        await other.ask("check", timed=False)
        for _ in range(3):
            other.broker._upkeep.reap()
        await other.idle()
    gone = [line for line in caplog.messages if line.startswith("the lease of a node expired")]
    assert len(gone) == 1
    assert (await other.ask("rooms", ""))[0] == [(room, 0) for room in sorted([*rooms, "general"])]


# Lists of the node's own


async def test_strays_are_found_among_many_sessions(place: Place, node: Node) -> None:
    inc = node.broker.owner().split(".")[0]
    pipe = place.redis.pipeline()
    for number in range(700):
        pipe.sadd("chat:{c}:at:" + inc, f"s{number}")
        pipe.hset(f"chat:{{c}}:session:s{number}", "owner", f"{inc}.{number}")
    await pipe.execute()
    node.events.here = {f"s{number}" for number in range(700)} - {"s5", "s650"}
    gone: list[str] = []
    node.broker._audit._release = lambda token, quit: gone.append(token.session)
    for expected in ([], ["s5", "s650"]):
        node.broker._audit.look_for_strays(at_once=False)
        await node.idle()
        assert sorted(gone) == expected


def knows(node: Node, count: int) -> bool:
    """Say whether a node knows of so many orders."""
    return len(node.events.orders) == count


async def test_orders_are_read_and_put_back_however_many_there_are(place: Place) -> None:
    node, other = await place.node(), await place.node()
    count = 2 * moderation_sync.LISTED + 100
    rows: Any = {f"net:10.0.{number >> 8}.{number & 255}/32": '0 - ""' for number in range(count)}
    await place.redis.hset("chat:{c}:orders", mapping=rows)
    async with place.moderator() as moderator:
        await moderator.ban_nick("ana", 0, "")
        for each in (node, other):
            await each.events.until(partial(knows, each, count + 1))
        assert len(await moderator.bans()) == count + 1
        await place.redis.delete("chat:{c}:orders", "chat:{c}:ordered")
        node.events.told.clear()
        other.events.told.clear()
        await moderator.ban_nick("bo", 0, "")
        for each in (node, other):
            await each.events.until(partial(knows, each, count + 2))
            # Nobody takes a part of them for all.
            told = [len(what[1]) for what in each.events.told if what[0] == "moderated"]
            assert set(told) == {count + 2}
        assert await place.redis.hlen("chat:{c}:orders") == count + 2
