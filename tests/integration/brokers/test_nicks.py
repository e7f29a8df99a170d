"""A nick takes up what it looks like as well; nobody is reached under a name that is not theirs."""

from typing import Any

import pytest

from node.brokers.config import BrokerConfig
from node.core.entries import Slice
from node.core.model import Claimed, Denied, FencingToken, Restored, SessionSnapshot, Stored
from node.core.names import names
from tests.integration.brokers.bench import Node, Place
from tests.integration.brokers.test_restore import memory, restore
from tests.integration.brokers.test_seats import reseat, seat

CYRILLIC = "\u0430\u0441\u0435"
"""Looks like the next one."""
LATIN = "ace"


async def begin(node: Node, session: str, nick: str) -> FencingToken:
    hold, _ = await node.hello(session, nick, fold=names.claims(nick), rooms=["tea"])
    return hold


async def asks_for(node: Node, session: str, nick: str) -> object:
    reply: object = await node.ask(
        "claim", node.claim_of(session, nick, fold=names.claims(nick), rooms=["tea"])
    )
    return reply


async def rename(node: Node, hold: FencingToken, nick: str) -> object:
    reply: object = await node.ask("rename", hold, nick, names.claims(nick))
    return reply


async def test_a_name_that_looks_alike_is_taken_whoever_comes_first(node: Node) -> None:
    await begin(node, "s1", CYRILLIC)
    assert await asks_for(node, "s2", LATIN) is Denied.TAKEN
    assert await asks_for(node, "s2", LATIN.upper()) is Denied.TAKEN
    await begin(node, "s3", "bob")
    assert await asks_for(node, "s2", "\u0412\u041e\u0412") is Denied.TAKEN
    assert await rename(node, await begin(node, "s2", "b0b"), LATIN) is Denied.TAKEN


async def test_a_direct_to_a_look_alike_reaches_nobody(node: Node) -> None:
    hold = await begin(node, "s1", CYRILLIC)
    assert await node.direct(hold, LATIN, "psst", "1") is Denied.NOBODY
    assert isinstance(await node.direct(hold, CYRILLIC, "psst", "2"), Stored)
    assert await node.texts("i:s1") == ["psst"]


async def test_what_a_nick_took_up_is_free_when_it_is_given_up(node: Node, place: Place) -> None:
    hold = await begin(node, "s1", CYRILLIC)
    await rename(node, hold, "ana")
    other = await begin(node, "s2", LATIN)
    assert await rename(node, hold, CYRILLIC) is Denied.TAKEN
    node.broker.part(other, quit=True)
    await node.idle()
    await rename(node, hold, CYRILLIC)
    assert await asks_for(node, "s2", LATIN) is Denied.TAKEN
    assert await node.ask("members", "tea", "") == ([CYRILLIC], False)
    node.broker.part(hold, quit=True)
    await node.idle()
    assert await place.redis.hgetall("chat:{c}:nicks") == {}


async def test_a_session_that_is_put_back_takes_up_the_same(node: Node, place: Place) -> None:
    hold = await begin(node, "s1", CYRILLIC)
    await place.redis.flushall()
    owner = FencingToken("s1", node.broker.owner())
    memory = SessionSnapshot(
        *(owner, hold.owner, True, CYRILLIC, names.claims(CYRILLIC), None, 1),
        [("tea", "k1-7-a", b"b1")],
    )
    assert await node.ask("restore", memory, True, timed=False) == Restored({"tea": b"b1"})
    assert await asks_for(node, "s2", LATIN) is Denied.TAKEN
    assert await node.ask("members", "tea", "") == ([CYRILLIC], False)


async def test_a_name_that_is_over_its_grace_period_is_free(place: Place) -> None:
    node = await place.node(BrokerConfig(alone=True, grace=0.001))
    hold = await begin(node, "s1", CYRILLIC)
    node.broker.part(hold, quit=False)
    await node.idle()
    # Whether the reaper has come by already or not.
    while await asks_for(node, "s2", LATIN) is Denied.TAKEN:
        pass
    assert await node.ask("members", "tea", "") == ([LATIN], False)


async def test_a_session_of_an_older_node_keeps_its_name_and_no_more(
    node: Node, place: Place
) -> None:
    await begin(node, "s1", CYRILLIC)
    await place.redis.hdel("chat:{c}:session:s1", "looks")
    assert await asks_for(node, "s2", CYRILLIC.upper()) is Denied.TAKEN
    # The look stands there still, for a session that does not claim it.
    await begin(node, "s2", LATIN)


async def test_a_nick_that_an_older_node_has_changed_is_held(node: Node, place: Place) -> None:
    await begin(node, "s1", CYRILLIC)
    await place.redis.hset("chat:{c}:session:s1", mapping={"nick": "bob", "fold": "bob"})
    await place.redis.hset("chat:{c}:nicks", "bob", "s1")
    await place.redis.hdel("chat:{c}:nicks", CYRILLIC)
    assert await asks_for(node, "s2", "bob") is Denied.TAKEN
    await begin(node, "s2", LATIN)


@pytest.mark.parametrize("how", ["standing", "restore", "hello", "ahead"])
async def test_a_nick_that_was_given_up_is_free_once_rooms_know_it(
    node: Node, place: Place, how: str
) -> None:
    """Also if nobody heard that it was, or a room knew of a later change of the session."""
    hold = await begin(node, "s1", "ana")
    if how == "ahead":
        await reseat(place, "s1", gen="9" * 16)
        await rename(node, hold, "bo")
    else:
        await place.run("nick", "opx", *hold, "bo", "bo", 0)  # its reply was lost
        assert await asks_for(node, "s2", "ana") is Denied.TAKEN
    if how == "standing":
        await node.ask("standing", hold, timed=False)
    elif how == "restore":
        await restore(node, memory(node, hold, "ana", "tea", is_settled=False))
    elif how == "hello":
        await node.hello("s1")
    await node.idle()
    assert await node.ask("members", "tea", "") == (["bo"], False)
    await begin(node, "s2", "ana")


@pytest.mark.parametrize("how", ["is named", "is put back"])
async def test_a_nick_that_a_room_still_shows_is_not_free_after_a_change_of_nick(
    node: Node, place: Place, how: str
) -> None:
    """The session has left that room under the former nick, and the room could not be told."""
    hold, seats = await leave_unheard(node, place)
    before: Any = await place.redis.hgetall("chat:{c}:session:s1")
    await rename(node, hold, "bo")
    await node.idle()
    if how == "is put back":
        await place.redis.delete("chat:{c}:end:s1")
        await place.redis.hset("chat:{c}:session:s1", mapping=before)
        await restore(node, memory(node, hold, "bo", "den", claim=await claim_of(place)), True)
    claim = node.claim_of("s2", "ana", fold="ana", rooms=["den"])
    assert not isinstance(await node.ask("claim", claim), Claimed)
    assert await place.redis.hget("chat:{c}:nicks", "ana") == b"s1"
    await answer_again(place, seats)
    await begin(node, "s2", "ana")
    told = [body for kind, body in await node.log("r:tea") if kind in "el"]
    assert told == ['"nick":"ana"}', '"nick":"ana","reason":"left"}', '"nick":"ana"}']
    assert await place.redis.hget("chat:{c}:nicks", "ana") == b"s2"


async def test_a_nick_is_free_if_the_session_is_in_that_room_again(
    node: Node, place: Place
) -> None:
    """As its node knows it: what Redis has of its departure is not told."""
    hold, seats = await leave_unheard(node, place)
    await rename(node, hold, "bo")
    await node.idle()
    await answer_again(place, seats)
    known = memory(node, hold, "bo", "den", "tea", claim=await claim_of(place))
    assert isinstance(await restore(node, known, anew=True), Restored)
    await node.idle()
    assert await place.redis.hgetall("chat:{c}:nicks") == {b"bo": b"s1"}
    assert not await place.redis.exists("chat:{c}:end:s1", "chat:{c}:out:s1")


async def leave_unheard(node: Node, place: Place) -> tuple[FencingToken, Any]:
    """Let ana leave a room that does not answer; return her, and the seats of the room."""
    hold = await begin(node, "s1", "ana")
    await node.ask("join", hold, "den", True)
    seats = await place.redis.hgetall("chat:{r:tea}:seats")
    await place.redis.set("chat:{r:tea}:seats", "no seats")
    await place.run("leave", "op1", *hold, "tea")
    return hold, seats


async def answer_again(place: Place, seats: Any) -> None:
    """Let the room answer."""
    await place.redis.delete("chat:{r:tea}:seats")
    await place.redis.hset("chat:{r:tea}:seats", mapping=seats)


async def claim_of(place: Place) -> int:
    """Return the claim that Redis has of her."""
    return int(await place.redis.hget("chat:{c}:session:s1", "claim") or 0)


@pytest.mark.parametrize("how", ["enters", "is renamed"])
async def test_who_has_another_nick_by_now_is_renamed_before_the_next_one_has_it(
    node: Node, place: Place, how: str
) -> None:
    """Redis forgot that they were renamed; the log did not, and their nodes had not heard of it."""
    for session, before, after in (("s1", "cy", "ana"), ("s2", "bo", "cy")):
        hold = await begin(node, session, before)
        await rename(node, hold, after)
    await go_back(node, place, "s2", "bo", "cy")
    await go_back(node, place, "s1", "cy", "ana")
    assert await node.ask("members", "tea", "") == (["bo", "cy"], False)
    begun = len(await node.log("r:tea"))
    if how == "enters":
        await begin(node, "s3", "ana")
    else:
        hold = await begin(node, "s3", "di")
        await rename(node, hold, "ana")
    told = [body for _, body in (await node.log("r:tea"))[begun:]]
    assert told[-3:-1] == ['"nick":"bo","from":"cy"}', '"nick":"cy","from":"ana"}']
    assert await place.redis.hget("chat:{r:tea}", "renames") is None


async def go_back(node: Node, place: Place, session: str, nick: str, lost: str) -> None:
    """Give a session its nick from before; its room follows without a word."""
    await place.redis.hset(f"chat:{{c}}:session:{session}", mapping={"nick": nick, "fold": nick})
    await place.redis.hset("chat:{c}:nicks", nick, session)
    await place.redis.hdel("chat:{c}:nicks", lost)
    gen, life, owner, position, *_ = await seat(place, session)
    birth = await place.redis.hget("chat:{r:tea}", "birth")
    assert isinstance(birth, bytes)
    item = (session, int(gen) + 1, life, "back", "op9", "", nick, nick, owner, position)
    settings = ("tea", birth.decode(), "ep9", 200, 1000, 0, 0)
    reply = await place.run("settle", *settings, *item, log="r:tea")
    assert reply[1][0][0] == b"ok" and reply[2] == b""


async def test_two_sessions_that_end_for_one_nick_have_entries_of_their_own(
    place: Place, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has the nick, one a nick that looks like it; their grace periods are over."""
    for session, nick in (("s1", "ana"), ("s2", "anaz")):
        hold, _ = await node.hello(session, nick, rooms=["tea"])
        node.broker.part(hold, False)
    await node.idle()
    await place.redis.zadd("chat:{c}:grace", {"s1": 1, "s2": 1})
    monkeypatch.setattr(node.broker._upkeep, "reaps_until", lambda: 9e15)
    claim = node.claim_of("s3", "Ana", fold="ana anaz", rooms=["tea"])
    assert isinstance(await node.ask("claim", claim), Claimed)
    found: Slice = await node.ask("tail", "r:tea", 100, timed=False)
    lefts = [entry.id for entry in found.entries if entry.kind == b"l"]
    assert len(lefts) == 2 and len(set(lefts)) == 2
