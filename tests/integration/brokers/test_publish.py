"""Messages into a room's log: in order, once, fenced, and bounded."""

import asyncio
from typing import Any

import pytest

from node.brokers.config import BrokerConfig
from node.brokers.publish_batch import MOST
from node.core.entries import Entry, Position
from node.core.model import Fenced, FencingToken, Stored, Unavailable
from tests.integration.brokers.bench import Node, Place, wait

SENT, SENTS = "chat:{r:tea}:sent:s1", "chat:{r:tea}:sents"
"""The ids of one author, and whose ids are remembered."""


async def begun(node: Node, room: str = "tea") -> FencingToken:
    """Return the hold on a session in a room that is followed."""
    hold, _ = await node.hello("s1", "ana", rooms=[room])
    node.broker.watch("r:" + room)
    await node.events.hears("confirmed", "r:" + room)
    return hold


async def test_messages_of_a_turn_get_consecutive_places_and_one_frame(node: Node) -> None:
    hold = await begun(node)
    replies = [node.say(hold, "tea", f"t{number}", str(number)) for number in range(10)]
    kept = [await wait(reply) for reply in replies]
    await node.events.until(lambda: len(node.events.frames) == 1)
    [frame] = node.events.frames
    assert [entry.body for entry in frame.entries] == [
        b'"from":"ana","text":"t%d"}' % number for number in range(10)
    ]
    places = [Position.parse(each.position) for each in kept]
    assert [each.offset for each in places if each] == list(range(2, 12))
    assert [entry.id for entry in frame.entries] == [each.id for each in places if each]
    assert frame.first == 2 and frame.prev == (await first_id(node))
    assert {each.log for each in kept} == {"r:tea"}
    assert {entry.at for entry in frame.entries} == {str(each.at).encode() for each in kept}
    assert await node.top("r:tea") == places[-1]


async def first_id(node: Node) -> bytes:
    """Return the id of the oldest entry of `tea`."""
    found = await node.ask("tail", "r:tea", 1000, timed=False)
    entry: Entry = found.entries[0]
    return entry.id


async def test_more_than_a_call_takes_keep_their_order(node: Node) -> None:
    hold = await begun(node)
    texts = [f"t{number}" for number in range(2 * MOST + 50)]
    replies = [node.say(hold, "tea", text, text) for text in texts]
    await asyncio.gather(*map(wait, replies))
    assert await node.texts("r:tea") == texts


async def test_messages_that_come_while_others_are_under_way_follow_them(node: Node) -> None:
    hold = await begun(node)
    replies = []
    for number in range(60):
        replies.append(node.say(hold, "tea", f"t{number}", f"{number}" if number % 2 else ""))
        await asyncio.sleep(0)
    await asyncio.gather(*map(wait, replies))
    assert await node.texts("r:tea") == [f"t{number}" for number in range(60)]


async def test_a_repeat_is_one_message_and_gets_the_first_ones_ack(node: Node) -> None:
    hold = await begun(node)
    both = [node.say(hold, "tea", "first", "1"), node.say(hold, "tea", "second", "1")]
    first, second = [await wait(reply) for reply in both]
    third = await wait(node.say(hold, "tea", "third", "1"))
    assert first.position == second.position == third.position and first.at == third.at
    assert await node.texts("r:tea") == ["first"]


async def test_a_repeat_on_another_node_is_known(place: Place) -> None:
    here, there = await place.node(), await place.node()
    hold = await begun(here)
    first = await wait(here.say(hold, "tea", "hi", "1"))
    moved, _ = await there.hello("s1", rooms=["milk"])
    assert await wait(there.say(moved, "tea", "hi again", "1")) == first
    assert await there.texts("r:tea") == ["hi"]
    assert await there.ask("sent", "tea", "s1", "1") == first
    assert await there.ask("sent", "tea", "s1", "2") is None
    assert await there.ask("sent", "tea", "s2", "1") is None


async def test_the_same_id_in_another_room_or_of_a_direct_is_another_message(node: Node) -> None:
    hold = await begun(node)
    await node.hello("s2", "bo", rooms=["milk"])
    await node.ask("join", hold, "milk", False)
    first = await wait(node.say(hold, "tea", "in tea", "1"))
    assert await node.ask("sent", "milk", "s1", "1") is None
    assert await node.ask("sent", None, "s1", "1") is None
    second = await wait(node.say(hold, "milk", "in milk", "1"))
    third = await node.direct(hold, "bo", "to bo", "1")
    assert isinstance(second, Stored) and isinstance(third, Stored)
    for room, log, text, stored in (
        ("tea", "r:tea", "in tea", first),
        ("milk", "r:milk", "in milk", second),
        (None, "i:s2", "to bo", third._replace(log="i:s2")),
    ):
        assert await node.texts(log) == [text] and stored.log == log
        assert await node.ask("sent", room, "s1", "1") == stored
    assert await wait(node.say(hold, "milk", "again", "1")) == second


@pytest.mark.parametrize("how", ["refused", "as it was"])
async def test_a_node_has_the_entry_of_a_repeat_before_it_says_ack(place: Place, how: str) -> None:
    here, there = await place.node(), await place.node()
    hold = await begun(here)
    first = await wait(here.say(hold, "tea", "hi", "1"))
    moved, _ = await there.hello("s1", rooms=["milk"])
    there.events.appends.clear()
    if how == "refused":
        again = await there.ask("sent", "tea", "s1", "1")
    else:
        again = await wait(there.say(moved, "tea", "hi", "1"))
    assert again == first
    [append] = there.events.appends
    [entry] = append.frame.entries
    assert f"{append.frame.epoch.decode()}-{entry.offset}-{entry.id.decode()}" == first.position
    assert append.frame.log == "r:tea" and b'"text":"hi"' in entry.body


async def test_ids_of_different_sessions_are_never_taken_for_each_other(node: Node) -> None:
    one, _ = await node.hello("u1", "ana", rooms=["tea"])
    other, _ = await node.hello("u12", "bo", rooms=["tea"])
    both = [node.say(one, "tea", "of ana", "21"), node.say(other, "tea", "of bo", "1")]
    positions = {(await wait(reply)).position for reply in both}
    assert len(positions) == 2
    assert await node.texts("r:tea") == ["of ana", "of bo"]


async def test_only_the_holder_of_a_session_may_speak_for_it(node: Node) -> None:
    old = await begun(node)
    new, _ = await node.hello("s1")
    replies = [node.say(old, "tea", "old"), node.say(new, "tea", "new"), node.say(old, "tea", "x")]
    results = [await wait(reply) for reply in replies]
    assert results[0] is results[2] is Fenced.GONE and isinstance(results[1], Stored)
    assert await node.texts("r:tea") == ["new"]


async def test_a_repeat_is_acknowledged_even_when_the_session_has_moved_on(node: Node) -> None:
    old = await begun(node)
    first = await wait(node.say(old, "tea", "hi", "1"))
    await node.hello("s1")
    assert await wait(node.say(old, "tea", "hi", "1")) == first


async def test_at_least_what_is_to_be_kept_is_kept_and_a_tenth_more_at_most(place: Place) -> None:
    node = await place.node(BrokerConfig(retained=50))
    hold = await begun(node)
    for size in (1, 7, 30, 49, 50, 3, 50, 13, 21, 5):
        before = (await node.top("r:tea")).offset
        replies = [node.say(hold, "tea", "t") for _ in range(size)]
        await asyncio.gather(*map(wait, replies))
        kept = await place.redis.xlen("chat:{r:tea}:log")
        top = await node.top("r:tea")
        assert top.offset == before + size
        assert min(50, top.offset) <= kept <= 55


async def test_a_log_that_went_back_takes_nothing_until_it_is_healed(
    place: Place, node: Node
) -> None:
    hold = await begun(node)
    await wait(node.say(hold, "tea", "one"))
    top = await node.top("r:tea")
    ahead = top._replace(offset=top.offset + 1, id=b"lost")
    for seen in (ahead, top._replace(id=b"other"), top._replace(epoch=b"k9")):
        node.events.known["r:tea"] = seen
        reply = node.say(hold, "tea", "two")
        await node.events.hears("rewound", "r:tea")
        assert not reply.done() and await node.top("r:tea") == top
        node.events.known["r:tea"] = top
        top = Position.parse((await wait(reply)).position) or top
        await place.redis.ping()
    assert await node.texts("r:tea") == ["one", "two", "two", "two"]


async def test_what_was_seen_and_trimmed_since_is_no_reason_to_refuse(place: Place) -> None:
    node = await place.node(BrokerConfig(retained=10))
    hold = await begun(node)
    node.events.known["r:tea"] = await node.top("r:tea")
    for _ in range(5):
        await asyncio.gather(*[wait(node.say(hold, "tea", "t")) for _ in range(10)])
    assert node.events.told.count(("rewound", "r:tea")) == 0


async def test_a_room_that_is_not_there_is_waited_for_and_then_unavailable(node: Node) -> None:
    hold = await begun(node)
    post, reply = node.post(hold, "hi", within=0.1)
    node.broker.publish("milk", post)
    assert await wait(reply) is Unavailable.UNREACHABLE
    assert ("rewound", "r:milk") in node.events.told


async def test_a_room_that_has_to_be_healed_does_not_hold_up_others(node: Node) -> None:
    hold = await begun(node)
    stuck = node.say(hold, "milk", "hi")
    for _ in range(5):
        assert isinstance(await wait(node.say(hold, "tea", "hi")), Stored)
    assert not stuck.done()


async def test_ids_are_remembered_for_their_time_and_among_the_newest(place: Place) -> None:
    node = await place.node()
    hold = await begun(node)
    texts = [f"t{number:04}" for number in range(2001)]
    await asyncio.gather(*[wait(node.say(hold, "tea", text, text)) for text in texts])
    remembered = await place.redis.hkeys(SENT)
    assert 1000 <= len(remembered) <= 2001
    assert {text.encode() for text in texts[-1000:]} <= set(remembered)
    now = (await place.redis.time())[0] * 1000
    assert abs(now - (await place.redis.zscore(SENTS, "s1") or 0.0)) < 60_000
    for key in (SENT, SENTS):
        assert await place.redis.pttl(key) > 300_000, "it is only a net"
    await place.redis.hset(SENT, mapping={"ancient": "1 k1-1-a 1", "untimed": "1 k1-1-a 0"})
    assert await node.ask("sent", "tea", "s1", "ancient") is None
    assert await node.ask("sent", "tea", "s1", "untimed") == Stored("r:tea", "k1-1-a", 1, "")


async def test_who_begins_to_send_has_the_ids_of_two_forgotten_who_have_sent_nothing_for_long(
    place: Place, node: Node
) -> None:
    now = (await place.redis.time())[0] * 1000
    ages = {"o1": 900_000, "o2": 800_000, "o3": 700_000, "young": 590_000}
    for session, age in ages.items():
        await place.redis.hset(SENT[:-2] + session, "1", f"{now - age} k1-1-a {now - age}")
        await place.redis.zadd(SENTS, {session: now - age})
    for turn, left in enumerate((["o3", "young"], ["young"], ["young"]), 1):
        hold, _ = await node.hello(f"s{turn}", f"nick{turn}", rooms=["tea"])
        await wait(node.say(hold, "tea", "hi", "1"))
        assert [each for each in ages if await place.redis.exists(SENT[:-2] + each)] == left
        sent = [f"s{number}" for number in range(1, turn + 1)]
        found = await place.redis.zrange(SENTS, 0, -1)
        assert set(found) == {each.encode() for each in [*left, *sent]}
        await wait(node.say(hold, "tea", "hi", "2"))


async def test_who_goes_on_sending_stays_in_the_index(place: Place, node: Node) -> None:
    hold = await begun(node)
    await wait(node.say(hold, "tea", "hi", "1"))
    now = (await place.redis.time())[0] * 1000
    before = now - 310_000
    await place.redis.hset(SENT, "", before // 300_000 * 2**20)
    await place.redis.zadd(SENTS, {"s1": before})
    await place.redis.pexpire(SENT, 60_000)
    await wait(node.say(hold, "tea", "hi", "2"))
    assert abs((await place.redis.zscore(SENTS, "s1") or 0.0) - now) < 60_000
    assert await place.redis.pttl(SENT) > 300_000


async def test_a_node_that_does_not_know_the_time_forgets_nothing(place: Place, node: Node) -> None:
    hold = await begun(node)
    log: Any = {"log": "r:tea", "authors": ["s1"]}
    seen = await node.top("r:tea")
    message = ("9e1", *hold, "1", '"from":"ana","text":"hi"}')
    await place.redis.hset(SENT, "old", "1 k1-1-a 1")
    await place.redis.zadd(SENTS, {"other": 1})
    reply = await place.run("publish", "tea", 1000, 0, *map(_text, seen), "", *message, **log)
    assert reply[0] == b"ok"
    assert await place.run("sent", "r:tea", "s1", "old", 0, **log)
    assert await place.redis.zrange(SENTS, 0, -1) == [b"other"]
    assert await place.redis.pttl(SENT) > 300_000, "until a node that knows the time sees to it"
    much_later = 10**13
    assert await place.run("sent", "r:tea", "s1", "1", much_later, **log)
    assert not await place.run("sent", "r:tea", "s1", "old", much_later, **log)
    again = ("9e2", *hold, "2", '"from":"ana","text":"hi"}')
    args = ("tea", 1000, 5 * 10**12, "", 0, "", "", *again)
    assert (await place.run("publish", *args, **log))[0] == b"ok"
    assert await place.redis.zrange(SENTS, 0, -1) == [b"s1"]


def _text(part: object) -> object:
    return part.decode() if isinstance(part, bytes) else part


async def test_ids_are_remembered_though_the_room_was_closed_and_is_a_new_one(
    place: Place, node: Node
) -> None:
    hold = await begun(node)
    first = await wait(node.say(hold, "tea", "hi", "1"))
    await place.run("close", "op1", "tea", 1000, "")
    await node.ask("join", hold, "tea", True)
    assert await wait(node.say(hold, "tea", "hi", "1")) == first


async def test_rooms_to_which_nothing_is_said_are_forgotten(node: Node) -> None:
    hold = await begun(node)
    await wait(node.say(hold, "tea", "hi"))
    node.broker.forget_idle()
    assert node.broker._publishes == {}
    assert isinstance(await wait(node.say(hold, "tea", "again")), Stored)
