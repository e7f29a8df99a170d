"""A log that lost its newest entries gets them back: once, with their ids, and told to everyone."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, cast

from node.core.entries import CURRENT, UNKNOWN, Entry, Lost, Position, SeenBranch, Slice
from node.core.interfaces import Broker
from node.core.model import Claim, Claimed, Failure, Fenced, Stored
from node.core.rooms.comparison import Comparison
from node.core.rooms.merge import Found, lost
from node.core.rooms.ring import Ring
from tests.integration.brokers.bench import AT_REST, Node, Place, wait

LOG = "r:tea"


@dataclass
class Before:
    """A log as it was: its entries after the first, and the base before them."""

    base: Position
    lost: list[Entry]
    acks: list[Stored]


async def taken_back(place: Place, node: Node, keep: int = 2, said: int = 4) -> Before:
    """Let a room be followed, talk in it, and take its newest entries back."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.watch(LOG)
    await node.events.hears("confirmed", LOG)
    acks = [await wait(node.say(hold, "tea", f"t{number}", f"{number}")) for number in range(said)]
    found = await whole(node)
    base, lost = found.entries[keep - 1], found.entries[keep:]
    assert found.top is not None
    await cut(place, keep)
    await place.redis.hdel(
        "chat:{r:tea}:sent:s1", *[f"{number}" for number in range(keep - 1, said)]
    )
    node.events.frames.clear()
    return Before(Position(found.top.epoch, base.offset, base.id), lost, acks)


async def cut(place: Place, keep: int) -> None:
    """Take a log back to what it was when it had so many entries."""
    rows: list[Any] = (await place.redis.xrange("chat:{r:tea}:log") or [])[:keep]
    await place.redis.delete("chat:{r:tea}:log")
    for offset, fields in rows:
        await place.redis.xadd("chat:{r:tea}:log", fields, id=offset)
    mapping: dict[Any, Any] = {"top": keep, "id": rows[-1][1][b"h"].split(b" ")[1]}
    await place.redis.hset("chat:{r:tea}", mapping=mapping)


async def whole(node: Node) -> Slice:
    """Return a log with all its entries."""
    found: Slice = await node.ask("tail", LOG, 10_000, timed=False)
    return found


async def claim_as(node: Node, op: str, claim: Claim) -> Claimed:
    """Ask for a session by a call of this name, perhaps once more."""
    context = node.broker._context
    ids, context.random_id = context.random_id, lambda: op
    reply = node.start("claim", claim)
    context.random_id = ids
    found = await wait(reply)
    assert isinstance(found, Claimed), found
    return found


async def heal(node: Node, before: Before) -> int | Failure:
    """Put back what was lost."""
    base = before.base
    missing = Lost(base, base, base.epoch, before.lost)
    reply: int | Failure = await node.ask("heal", LOG, missing, timed=False)
    return reply


async def rest(node: Node, position: Position) -> tuple[list[bytes], bool]:
    """Return the ids of what a reader at a position gets, and whether there is a gap."""
    found: Slice = await node.ask("read", LOG, position, UNKNOWN, 1000, timed=False)
    seen = (
        SeenBranch(found.lost, found.fork, position.offset) if found.fork else SeenBranch(b"", 1, 0)
    )
    ids = [entry.id for entry in found.entries if not seen.includes(entry)]
    return ids, not found.on and (not found.fork or found.entries[0].offset > found.fork)


async def compared(node: Node, ring: Ring, branch: bytes = b"") -> Found:
    """Return what a log has after the newest entry that it shares with a ring."""
    found: asyncio.Future[Found] = asyncio.get_running_loop().create_future()

    def done(reply: Found | Failure | None) -> None:
        assert isinstance(reply, Found)
        found.set_result(reply)

    Comparison(cast(Broker, node.broker), LOG, ring, branch or ring.epoch, done).run()
    return await wait(found)  # type: ignore[no-any-return]


def told(found: list[Entry]) -> list[tuple[int, bytes, bytes, bytes, bytes]]:
    """Return what of entries can be compared."""
    return [(each.offset, each.id, each.at, each.origin, each.body) for each in found]


async def test_lost_entries_go_back_to_their_places_and_are_told(place: Place, node: Node) -> None:
    before = await taken_back(place, node)
    assert await heal(node, before) in (3, 0)
    found = await whole(node)
    assert told(found.entries[2:]) == told(before.lost)
    assert not any(entry.original_positions for entry in found.entries)
    await node.events.until(lambda: bool(node.events.frames))
    [frame] = node.events.frames
    assert told(frame.entries) == told(before.lost) and frame.prev == before.base.id


async def test_nodes_that_race_to_heal_do_it_once(place: Place, node: Node) -> None:
    other = await place.node()
    before = await taken_back(place, node)
    await heal(node, before)
    part = Before(before.base, before.lost[:2], [])
    assert await heal(other, part) in (0, Fenced.AGAIN)
    assert await heal(other, before) in (0, Fenced.AGAIN)
    assert told((await whole(node)).entries[2:]) == told(before.lost)


async def test_each_node_puts_back_what_the_one_before_it_did_not_know(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await heal(node, Before(before.base, before.lost[:1], []))
    assert await heal(node, before) in (2, 0)
    assert told((await whole(node)).entries[2:]) == told(before.lost)


async def test_an_entry_that_a_node_remembers_twice_goes_back_once(
    place: Place, node: Node
) -> None:
    """Two calls may be answered with the same `left`: a `quit`, and then the lost connection."""
    before = await taken_back(place, node)
    twice = [entry for entry in before.lost for _ in range(2)]
    assert await heal(node, replace(before, lost=twice)) in (3, 0)
    found = await whole(node)
    assert told(found.entries[2:]) == told(before.lost)
    assert not any(entry.original_positions for entry in found.entries)


async def test_what_others_appended_first_stays_and_the_lost_follow(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    assert [entry.offset for entry in found.entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.id for entry in found.entries[3:]] == [entry.id for entry in before.lost]
    epoch = before.base.epoch.decode()
    homes = [list(entry.original_positions) for entry in found.entries[3:]]
    assert homes == [[(epoch.encode(), offset, 3)] for offset in (3, 4, 5)]
    await node.events.until(lambda: len(node.events.frames) == 2)
    assert [entry.original_positions for entry in node.events.frames[1].entries] == homes
    assert node.events.frames[0].branch == before.base.epoch
    assert node.events.frames[1].branch == found.branch != before.base.epoch


async def test_what_another_node_has_put_back_meanwhile_is_common_to_both_logs(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await heal(node, Before(before.base, before.lost[:2], []))
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    assert [entry.id for entry in found.entries[2:4]] == [entry.id for entry in before.lost[:2]]
    assert (found.entries[5].id, found.entries[5].original_positions[0].fork) == (
        before.lost[2].id,
        5,
    )
    seen = before.lost[2]
    at = Position(before.base.epoch, seen.offset, seen.id)
    assert await rest(node, at) == ([found.entries[4].id], False)


async def test_who_is_let_in_by_a_repeat_that_redis_forgot_is_told_of_once(
    place: Place, node: Node
) -> None:
    claim = node.claim_of("s1", "ana", rooms=["tea"])
    first = await claim_as(node, "1f", claim)
    found = await node.ask("tail", LOG, 10, timed=False)
    await place.redis.flushall()  # it forgot everything
    base = Position(found.top.epoch, 0, b"0")
    assert await heal(node, Before(base, found.entries, [])) in (1, 0)
    again = await claim_as(node, "1f", claim)
    assert again.memberships[0].position == first.memberships[0].position
    assert await node.log(LOG) == [("e", '"nick":"ana"}')]


async def test_a_repeat_in_a_new_log_at_its_old_offset_is_known_by_its_place_in_the_old_one(
    place: Place, node: Node
) -> None:
    claims = [
        node.claim_of(session, nick, rooms=["tea"])
        for session, nick in (("s1", "ana"), ("s2", "bo"), ("s3", "cy"))
    ]
    await claim_as(node, "1f", claims[0])
    await claim_as(node, "2f", claims[1])
    before = await whole(node)
    assert before.top is not None
    await place.redis.flushall()  # it forgot everything
    await claim_as(node, "3f", claims[2])
    await claim_as(node, "2f", claims[1])
    begun, repeated = (await whole(node)).entries
    assert (repeated.id, repeated.offset) == (before.top.id, before.top.offset)
    base = Position(before.top.epoch, 0, b"0")
    assert await heal(node, Before(base, before.entries, [])) in (1, 0)
    assert await rest(node, before.top) == ([begun.id], False)


async def test_another_log_has_nothing_in_common_with_the_one_that_was_lost(
    place: Place, node: Node
) -> None:
    await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo", rooms=["tea"])
    before = await whole(node)
    assert before.top is not None
    await place.redis.flushall()  # it forgot everything
    await node.hello("s3", "cy", rooms=["tea"])
    for entry in before.entries:
        base = Position(before.top.epoch, entry.offset - 1, b"")
        assert isinstance(await heal(node, Before(base, [entry], [])), int)
    _, *back = (await whole(node)).entries
    assert [original.fork for entry in back for original in entry.original_positions] == [1, 1]


async def test_readers_of_either_branch_get_the_rest_once(place: Place, node: Node) -> None:
    before = await taken_back(place, node)
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    entered = found.entries[2].id
    ids = [entry.id for entry in before.lost]
    for seen, expected in enumerate(
        ([entered, *ids], [entered, *ids[1:]], [entered, *ids[2:]], [entered])
    ):
        place_ = Position(before.base.epoch, 2 + seen, ids[seen - 1] if seen else before.base.id)
        assert await rest(node, place_) == (expected, False)


async def test_a_repeat_of_a_message_that_was_put_back_is_acknowledged_where_it_is(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    assert await node.ask("sent", "tea", "s1", "3") is None
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    assert found.top is not None
    again = await node.ask("sent", "tea", "s1", "3")
    assert await node.ask("sent", None, "s1", "3") is None, "it is not the id of a direct"
    assert again == before.acks[3]._replace(position=str(found.top))
    hold, _ = await node.hello("s1")
    assert await wait(node.say(hold, "tea", "t3", "3")) == again


async def test_a_repeated_direct_that_was_put_back_names_whom_it_was_to(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana")
    await node.hello("s2", "Bo")
    first = await node.direct(hold, "bo", "hi", "1")
    found: Slice = await node.ask("tail", "i:s2", 10, timed=False)
    await place.redis.delete("chat:{c}:i:s2", "chat:{c}:i:s2:log", "chat:{c}:sent:s1")
    assert found.top is not None
    base = found.top._replace(offset=0, id=b"0")
    missing = Lost(base, base, base.epoch, found.entries)
    assert await node.ask("heal", "i:s2", missing, timed=False) in (1, 0)
    again = await node.ask("sent", None, "s1", "1")
    assert isinstance(first, Stored)
    assert again == first._replace(log="i:s2") and again.to == "Bo"


async def test_a_forgotten_room_comes_back_whole_with_its_epoch(place: Place, node: Node) -> None:
    before = await taken_back(place, node)
    await place.redis.delete("chat:{r:tea}", "chat:{r:tea}:log", "chat:{c}:rooms")
    await heal(node, before)
    found = await whole(node)
    assert told(found.entries) == told(before.lost)
    assert found.top is not None and found.top.epoch == before.base.epoch
    rooms, _ = await node.ask("rooms", "")
    assert "tea" in [name for name, _ in rooms]


async def test_a_forgotten_room_that_was_begun_anew_gets_what_is_remembered(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await place.redis.delete(
        "chat:{r:tea}", "chat:{r:tea}:log", "chat:{c}:rooms", "chat:{c}:rooms:s1"
    )
    await node.hello("s2", "bo", rooms=["tea"])
    start = before.base._replace(offset=0, id=b"0")
    assert await heal(node, Before(start, before.lost, [])) in (3, 0)
    found = await whole(node)
    assert found.top is not None and found.top.epoch != before.base.epoch
    assert [entry.id for entry in found.entries[1:]] == [entry.id for entry in before.lost]
    assert {entry.original_positions[0].fork for entry in found.entries[1:]} == {1}
    rooms, _ = await node.ask("rooms", "")
    assert ("tea", 2) in rooms or ("tea", 1) in rooms


async def test_a_log_that_differs_from_what_the_node_believes_is_not_touched(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    other = Before(before.base._replace(id=b"other"), before.lost, [])
    ahead = Before(before.base._replace(offset=9, id=b"other"), before.lost, [])
    assert await heal(node, other) is Fenced.AGAIN
    assert await heal(node, ahead) is Fenced.AGAIN
    assert len((await whole(node)).entries) == 2


async def test_an_entry_put_back_in_its_place_keeps_the_memory_of_an_older_one(
    place: Place, node: Node
) -> None:
    """A position from before the first loss has still to be found, and to hide nothing."""
    before = await taken_back(place, node)
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    seen = Position(before.base.epoch, 5, before.lost[-1].id)
    await cut(place, 2)
    missing = Lost(before.base, before.base, found.branch, found.entries[2:])
    await node.ask("heal", LOG, missing, timed=False)
    assert await rest(node, seen) == ([found.entries[2].id], False)


async def test_a_room_with_nobody_in_it_that_comes_back_ends_again_in_time(
    place: Place, node: Node
) -> None:
    """A node may still follow a room that was ended because nobody used it."""
    before = await taken_back(place, node)
    hold, _ = await node.hello("s1")
    await node.ask("leave", hold, "tea")
    keys = ("chat:{r:tea}", "chat:{r:tea}:log", "chat:{c}:births", "chat:{c}:idle")
    await place.redis.delete(*keys)
    await heal(node, before)
    assert await place.redis.zscore("chat:{c}:idle", "tea") is not None


async def test_what_the_core_finds_lost_is_what_heals(place: Place, node: Node) -> None:
    before = await taken_back(place, node)

    ring = Ring(before.base, 100)
    ring.extend(before.lost)
    missing = lost(ring, before.base.epoch, await compared(node, ring))
    assert missing is not None and missing.base == before.base
    await node.ask("heal", LOG, missing, timed=False)
    assert lost(ring, before.base.epoch, await compared(node, ring)) is None


async def test_a_log_taken_back_twice_tells_its_branches_apart(place: Place, node: Node) -> None:
    """Who has had a place in one lost branch has not had what was there in another one."""
    before = await taken_back(place, node)
    await node.hello("s2", "bo", rooms=["tea"])
    await heal(node, before)
    found = await whole(node)
    entered = found.entries[2].id
    await cut(place, 2)
    await place.redis.hdel("chat:{r:tea}", "branch", "moved")
    await place.redis.delete("chat:{r:tea}:moved")
    await node.hello("s3", "cy", rooms=["tea"])
    missing = Lost(before.base, before.base, found.branch, found.entries[2:])
    await node.ask("heal", LOG, missing, timed=False)
    ids = [entry.id for entry in (await whole(node)).entries]
    first = before.lost[0]
    seen = Position(before.base.epoch, first.offset, first.id)
    assert ids[3] == entered
    assert await rest(node, seen) == ([ids[2], entered, *ids[5:]], False)


async def test_an_entry_that_got_its_old_offset_behind_others_tells_which_place_is_meant(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await node.hello("s2", "bo", rooms=["tea"])
    second = Before(before.base, before.lost[1:], [])
    await heal(node, second)
    found = await whole(node)
    there = found.entries[3]
    assert there.offset == before.lost[1].offset and there.is_ambiguous
    position = Position(before.base.epoch, there.offset, there.id)
    old: Slice = await node.ask("read", LOG, position, UNKNOWN, 10, timed=False)
    new: Slice = await node.ask("read", LOG, position, CURRENT, 10, timed=False)
    assert not old.on and old.fork == 3 and new.on


async def test_a_read_never_returns_more_than_was_asked_for(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    for number in range(6):
        await wait(node.say(hold, "tea", f"t{number}"))
    stranger = Position(b"zz", 5, b"zz")
    found: Slice = await node.ask("read", LOG, stranger, UNKNOWN, 3, timed=False)
    assert not found.on and [entry.offset for entry in found.entries] == [1, 2, 3]


async def test_a_room_that_nobody_remembers_is_made_anew_and_healed_all_the_same(
    place: Place, node: Node
) -> None:
    before = await taken_back(place, node)
    await place.redis.delete("chat:{r:tea}", "chat:{r:tea}:log")
    await node.ask("begin", "tea", timed=False)
    begun = await node.top(LOG)
    assert begun.offset == 0 and begun.epoch != before.base.epoch
    await node.ask("begin", "tea", timed=False)
    assert await node.top(LOG) == begun
    await heal(node, before)
    assert (await node.top(LOG)).epoch == before.base.epoch


async def test_an_entry_that_another_node_put_back_is_not_taken_for_what_stood_there(
    place: Place, node: Node
) -> None:
    """A node that has only appended to a log knows an offset before its entry, and no id there."""
    before = await taken_back(place, node, keep=1, said=3)
    epoch, (second, _, fourth) = before.base.epoch, before.lost
    await place.redis.delete("chat:{r:tea}", "chat:{r:tea}:log")
    for entry in (fourth, second):
        base, unread = Position(epoch, entry.offset - 1, b""), Position(epoch, 0, b"0")
        missing = Lost(base, unread, epoch, [entry])
        # A repeat of a call that was done may be told to look at the log once more.
        assert await node.ask("heal", LOG, missing, timed=False) in (1, 0, Fenced.AGAIN)
    found = (await whole(node)).entries
    assert [(entry.offset, entry.id) for entry in found] == [(1, fourth.id), (2, second.id)]
    assert [home.offset for entry in found for home in entry.original_positions] == [4, 2]


async def test_a_reader_past_entries_that_were_put_back_and_trimmed_gets_no_older_ones_again(
    place: Place, node: Node
) -> None:
    """However few entries a room keeps, its lost branches are remembered for longer."""
    before = await taken_back(place, node, said=20)
    await node.hello("s2", "bo", rooms=["tea"])
    short = await place.node(replace(AT_REST, retained=2))
    newest, older, oldest = before.lost[-3:], before.lost[-6:-3], before.lost[-9:-6]
    for part in (newest, older, oldest):
        missing = Lost(before.base, await node.top(LOG), before.base.epoch, part)
        assert await short.ask("heal", LOG, missing, timed=False) in (3, 0)
    assert [entry.id for entry in (await whole(node)).entries] == [one.id for one in oldest[-2:]]
    seen = Position(before.base.epoch, newest[-1].offset, newest[-1].id)
    assert await rest(node, seen) == ([], True)


async def test_a_node_that_does_not_know_the_birth_of_a_lost_room_gives_it_none(
    place: Place,
) -> None:
    """An empty one would be taken for that of another room, and no departure could name it."""
    entry = ("m", "x1", "5", "ana:t1", '"from":"ana","text":"hi"}', 1, "", "")
    args = (LOG, 100, "k1", "k1", 0, "0", 0, "0", "f1", 0, "", 1)
    assert await place.run("heal", *args, *entry, log=LOG) == [b"ok", 1]
    assert await place.redis.hget("chat:{r:tea}", "birth") is None
