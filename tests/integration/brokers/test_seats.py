"""What rooms know of who is in them follows from sessions, whatever either of both has lost."""

from dataclasses import replace

import pytest

from node.core.entries import Lost
from node.core.model import Fenced, Restored, Stored
from tests.integration.brokers.bench import AT_REST, Node, Place, wait
from tests.integration.brokers.test_restore import memory, restore
from tests.integration.brokers.test_vanished import compare, knows

SEATS, MEMBERS, GONE = "chat:{r:tea}:seats", "chat:{r:tea}:members", "chat:{r:tea}:gone"
ROOM = ("chat:{r:tea}", "chat:{r:tea}:log", SEATS, MEMBERS, GONE)


async def seat(place: Place, session: str) -> list[str]:
    """Return generation, life, owner, position, folded nick and nick of a seat."""
    found = await place.redis.hget(SEATS, session)
    assert isinstance(found, bytes)
    return found.decode().split(" ", 5)


async def reseat(place: Place, session: str, **parts: str) -> None:
    """Write other parts into a seat."""
    names = ("gen", "life", "owner", "position", "fold", "nick")
    row = dict(zip(names, await seat(place, session), strict=True)) | parts
    await place.redis.hset(SEATS, session, " ".join(row[name] for name in names))


class Kept:
    """Data as they were, to go back to."""

    def __init__(self, place: Place, *keys: str) -> None:
        self._redis, self._keys = place.redis, keys
        self._data: dict[str, bytes] = {}

    async def take(self) -> "Kept":
        """Keep them."""
        for key in self._keys:
            if (data := await self._redis.dump(key)) is not None:
                self._data[key] = data
        return self

    async def back(self) -> None:
        """Go back."""
        await self._redis.delete(*self._keys)
        for key, data in self._data.items():
            await self._redis.restore(key, 0, data)


async def nicks(node: Node) -> list[str]:
    """Return the members of `tea`."""
    found, _ = await node.ask("members", "tea", "")
    return list(found)


# Seats


async def test_a_seat_follows_whom_the_session_belongs_to_and_its_nick(
    place: Place, node: Node
) -> None:
    old, first = await node.hello("s1", "ana", rooms=["tea"])
    before = await seat(place, "s1")
    new, _ = await node.hello("s1")
    await node.ask("rename", new, "Bo", "bo")
    after = await seat(place, "s1")
    assert int(after[0]) > int(before[0]) and before[1] == after[1]
    assert (before[2], after[2]) == (old.owner, new.owner)
    assert before[3] == after[3] == first.memberships[0].position
    assert (before[4:], after[4:]) == (["ana", "ana"], ["bo", "Bo"])
    assert await node.say(old, "tea", "hi") is Fenced.GONE
    assert isinstance(await node.say(new, "tea", "hi"), Stored)


@pytest.mark.parametrize("how", ["continue", "rename", "leave", "quit", "restore"])
async def test_a_seat_of_a_later_generation_than_the_session_hinders_nobody(
    place: Place, how: str
) -> None:
    """As if what sessions are had gone back, and the clock with it; the rooms had not."""
    node = await place.node(replace(AT_REST, alone=True))
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    later = "9" * 16
    await reseat(place, "s1", gen=later)
    if how == "continue":
        hold, _ = await node.hello("s1", "ana")
    elif how == "rename":
        await node.ask("rename", hold, "bo", "bo")
    elif how == "leave":
        await node.ask("leave", hold, "tea")
    elif how == "quit":
        node.broker.part(hold, quit=True)
        await node.idle()
    else:
        known = memory(node, hold, "ana", "tea")
        assert isinstance(await restore(node, known), Restored)
        hold = known.token
    if how in ("leave", "quit"):

        async def nobody_is_there() -> bool:
            return await nicks(node) == []

        await node.audited(nobody_is_there)
        assert not await place.redis.exists(SEATS)
        assert (await node.log("r:tea"))[-1][0] == "l"
    else:
        assert await nicks(node) == [{"rename": "bo"}.get(how, "ana")]
        found = await seat(place, "s1")
        assert int(found[0]) > int(later) and found[2] == hold.owner
        assert isinstance(await node.say(hold, "tea", "hi"), Stored)


async def test_who_left_and_comes_again_gets_a_new_seat_although_the_generation_is_older(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.ask("leave", hold, "tea")
    assert await place.redis.zscore(GONE, "s1") is not None
    await place.redis.zadd(GONE, {"s1": 9e15})
    joined = await node.ask("join", hold, "tea", False)
    assert joined.members == 1 and await nicks(node) == ["ana"]
    assert int((await seat(place, "s1"))[0]) > 9 * 10**15
    assert await place.redis.zscore(GONE, "s1") is None


async def test_the_seat_of_an_earlier_life_ends_before_the_new_one_begins(
    place: Place, node: Node
) -> None:
    """A session of the same key is another one, and its rooms have to hear so."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    room = await Kept(place, *ROOM).take()
    node.broker.part(hold, quit=True)
    await node.idle()
    await room.back()
    _, found = await node.hello("s1", "bo", rooms=["tea"])
    assert not found.resumed and found.memberships[0].members == 1
    assert await nicks(node) == ["bo"]
    assert await node.log("r:tea") == [
        ("e", '"nick":"ana"}'),
        ("l", '"nick":"ana","reason":"lost"}'),
        ("e", '"nick":"bo"}'),
    ]


async def test_a_nick_that_a_seat_holds_for_somebody_who_has_ended_is_given_on(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    room = await Kept(place, *ROOM).take()
    node.broker.part(hold, quit=True)
    await node.idle()
    await room.back()
    # After a break, nodes may still be putting s1 back: it is lost only after the decisions.
    place.losses.of, place.losses.count = 5, 1
    _, found = await node.hello("s2", "Ana", rooms=["tea"])
    assert found.memberships[0].members == 1 and await nicks(node) == ["Ana"]
    assert [kind for kind, _ in await node.log("r:tea")] == ["e", "l", "e"]
    assert await place.redis.hkeys(SEATS) == [b"s2"]


async def test_a_nick_that_is_listed_without_a_seat_does_not_keep_anybody_out(
    place: Place, node: Node
) -> None:
    await node.hello("s1", "bo", rooms=["tea"])
    await place.redis.zadd(MEMBERS, {"ana\0ANA": 0})
    await node.hello("s2", "ana", rooms=["tea"])
    assert await nicks(node) == ["ana", "bo"]


async def test_members_are_listed_again_by_their_seats(place: Place, node: Node) -> None:
    for number in range(3):
        await node.hello(f"s{number}", f"nick{number}", rooms=["tea"])
    await knows(node)
    node.events.members["r:tea"] = 3
    await place.redis.zrem(MEMBERS, "nick1\0nick1")
    await compare(node)
    assert await nicks(node) == ["nick0", "nick1", "nick2"]
    await place.redis.delete(MEMBERS)
    await compare(node)
    assert await nicks(node) == ["nick0", "nick1", "nick2"]
    await compare(node)
    assert ("absent", "r:tea") not in node.events.told, "nobody has to be put back"
    assert [kind for kind, _ in await node.log("r:tea")] == ["e"] * 3


async def test_who_is_put_back_after_seats_were_lost_is_not_told_of_again(
    place: Place, node: Node
) -> None:
    ana, found = await node.hello("s1", "ana", rooms=["tea"])
    bo, _ = await node.hello("s2", "bo", rooms=["tea"])
    await place.redis.delete(SEATS)
    for hold, nick in ((ana, "ana"), (bo, "bo")):
        known = memory(node, hold, nick, "tea")
        assert isinstance(await restore(node, known), Restored)
        assert isinstance(await node.say(known.token, "tea", "hi"), Stored)
    assert [kind for kind, _ in await node.log("r:tea")] == ["e", "e", "m", "m"]
    assert await nicks(node) == ["ana", "bo"]


async def test_a_call_that_is_repeated_after_seats_were_lost_says_nothing_twice(
    place: Place, node: Node
) -> None:
    """It was done, but neither the session nor the room remembers that."""
    claim = node.claim_of("s1", "ana", rooms=["tea"])
    context = node.broker._context
    ids = context.random_id
    for turn in range(2):
        context.random_id = lambda: "1f"
        reply = node.start("claim", claim)
        context.random_id = ids
        found = await wait(reply)
        assert found.memberships[0].position == str(await node.top("r:tea"))
        if turn == 0:
            lost = "chat:{c}:session:s1", "chat:{c}:rooms:s1", "chat:{c}:ended:s1"
            await place.redis.delete(*lost, SEATS, MEMBERS)
    assert await node.log("r:tea") == [("e", '"nick":"ana"}')]


# Seats and entries that are put back


async def put_back(node: Node, place: Place, count: int) -> None:
    """Lose a room, and let the node put its first entries back."""
    found = await node.ask("tail", "r:tea", 100, timed=False)
    base = found.top._replace(offset=0, id=b"0")
    await place.redis.delete(*ROOM)
    lost = Lost(base, base, base.epoch, found.entries[:count])
    assert await node.ask("heal", "r:tea", lost, timed=False) in (count, 0)


async def test_who_entered_is_seated_by_the_entry_and_speaks_when_put_back(
    place: Place, node: Node
) -> None:
    hold, found = await node.hello("s1", "ana", rooms=["tea"])
    before = await seat(place, "s1")
    await put_back(node, place, 1)
    assert await nicks(node) == ["ana"]
    after = await seat(place, "s1")
    assert after[:2] == before[:2] and after[3:] == before[3:] and after[2] == "-"
    assert await node.say(hold, "tea", "hi") is Fenced.GONE
    known = memory(node, hold, "ana", "tea")
    assert await restore(node, known) == Restored({"tea": found.memberships[0].birth})
    assert isinstance(await node.say(known.token, "tea", "hi"), Stored)


async def test_who_was_renamed_or_left_is_so_by_the_entries_too(place: Place, node: Node) -> None:
    ana, _ = await node.hello("s1", "ana", rooms=["tea"])
    bo, _ = await node.hello("s2", "bo", rooms=["tea"])
    await node.ask("rename", ana, "Zoe", "zoe")
    await node.ask("leave", bo, "tea")
    await put_back(node, place, 4)
    assert await nicks(node) == ["Zoe"]
    assert await place.redis.hkeys(SEATS) == [b"s1"]
    assert await place.redis.zrange(GONE, 0, -1) == [b"s2"]


async def test_an_entry_of_an_earlier_generation_brings_nobody_back(
    place: Place, node: Node
) -> None:
    """The seat has ended; only the log went back, and not all entries are remembered."""
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo", rooms=["tea"])
    found = await node.ask("tail", "r:tea", 100, timed=False)
    base = found.top._replace(offset=0, id=b"0")
    await node.ask("leave", hold, "tea")
    await place.redis.delete("chat:{r:tea}", "chat:{r:tea}:log")
    lost = Lost(base, base, base.epoch, found.entries[:1])
    assert await node.ask("heal", "r:tea", lost, timed=False) in (1, 0)
    assert await nicks(node) == ["bo"]


async def test_a_nick_that_was_put_back_without_a_word_is_told_by_the_audit(
    place: Place, node: Node
) -> None:
    """The room knew of a change of nick that the session's node had no answer to."""
    hold, _ = await node.hello("s1", "old", rooms=["tea"])
    await node.ask("rename", hold, "new", "new")
    gen, life, owner, position, *_ = await seat(place, "s1")
    item = ("s1", int(gen) + 1, life, "back", "op9", "", "old", "old", owner, position)
    named = await place.redis.hget("chat:{r:tea}", "birth")
    assert isinstance(named, bytes)
    birth = named.decode()
    reply = await place.run("settle", "tea", birth, "ep9", 200, 1000, 0, 0, *item, log="r:tea")
    assert reply[2] == b"" and await nicks(node) == ["old"]
    listed = await place.run("seats", 0, 100, log="r:tea")
    assert listed[5] == b"new"
    item = ("s1", int(gen) + 1, life, "in", "op9", "", "old", "old", owner, "")
    reply = await place.run("settle", "tea", birth, "ep9", 200, 1000, 0, 0, *item, log="r:tea")
    assert reply[2].endswith(b'"nick":"old","from":"new"}')
    listed = await place.run("seats", 0, 100, log="r:tea")
    assert listed[5] == b"old" and await nicks(node) == ["old"]
