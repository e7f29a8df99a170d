"""Rooms: made, joined, left, listed; nicks changed; all of it told in the rooms' logs."""

from typing import Any

from node.brokers.config import BrokerConfig
from node.brokers.directory import PAGE
from node.core.model import Denied, Fenced, FencingToken, Membership
from tests.integration.brokers.bench import Node, Place


async def test_a_room_is_made_once_and_joined_by_others(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana")
    bo, _ = await node.hello("s2", "bo")
    assert await node.ask("join", bo, "tea", False) is Denied.MISSING
    made: Membership = await node.ask("join", ana, "tea", True)
    assert (made.room, made.members, made.created, made.quiet) == ("tea", 1, True, False)
    assert await node.ask("join", bo, "tea", True) is Denied.EXISTS
    joined: Membership = await node.ask("join", bo, "tea", False)
    assert (joined.members, joined.created) == (2, False)
    assert joined.position == str(await node.top("r:tea"))
    assert await node.log("r:tea") == [("e", '"nick":"ana"}'), ("e", '"nick":"bo"}')]


async def test_who_joins_again_is_where_he_was_and_nobody_notices(node: Node) -> None:
    hold, _ = await node.hello("s1", "ana")
    first: Membership = await node.ask("join", hold, "tea", True)
    again: Membership = await node.ask("join", hold, "tea", False)
    assert again == first._replace(created=False)
    assert len(await node.log("r:tea")) == 1


async def test_who_leaves_is_told_where_and_is_no_member_any_more(node: Node) -> None:
    ana, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo", rooms=["tea"])
    position, at = await node.ask("leave", ana, "tea")
    assert position == str(await node.top("r:tea")) and at > 1.5e12
    assert (await node.log("r:tea"))[2:] == [("l", '"nick":"ana","reason":"left"}')]
    assert await node.ask("members", "tea", "") == (["bo"], False)
    assert await node.ask("leave", ana, "tea") is None


async def test_large_rooms_are_quiet(place: Place) -> None:
    node = await place.node(BrokerConfig(notices=2))
    holds = []
    for number in range(4):
        hold, found = await node.hello(f"s{number}", f"nick{number}", rooms=["tea"])
        holds.append(hold)
        assert found.memberships[0].quiet is (number >= 2)
        assert found.memberships[0].position == str(await node.top("r:tea"))
    assert len(await node.log("r:tea")) == 2
    await node.ask("rename", holds[0], "other", "other")
    assert await node.ask("leave", holds[3], "tea") is None
    assert len(await node.log("r:tea")) == 2
    assert await node.ask("leave", holds[2], "tea") is not None
    await node.ask("rename", holds[1], "more", "more")
    assert [kind for kind, _ in await node.log("r:tea")] == ["e", "e", "l", "r"]
    assert await node.ask("members", "tea", "") == (["more", "other"], False)


async def test_another_nick_is_told_in_each_room_and_the_old_one_is_free(node: Node) -> None:
    ana, _ = await node.hello("s1", "Ana", rooms=["tea", "milk"])
    old, at = await node.ask("rename", ana, "Zoé", "zoé")
    assert old == "Ana" and at > 1.5e12
    renamed = ("r", '"nick":"Zoé","from":"Ana"}')
    for room in ("tea", "milk"):
        assert (await node.log("r:" + room))[1:] == [renamed]
        assert await node.ask("members", room, "") == (["Zoé"], False)
    bo, _ = await node.hello("s2", "ana")
    assert await node.ask("rename", bo, "ZOÉ", "zoé") is Denied.TAKEN
    assert (await node.hello("s1"))[1].nick == "Zoé"


async def test_a_nick_may_be_written_in_another_way_and_the_same_one_is_no_change(
    node: Node,
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    assert (await node.ask("rename", hold, "ANA", "ana"))[0] == "ana"
    assert (await node.ask("rename", hold, "ANA", "ana"))[0] == "ANA"
    assert [kind for kind, _ in await node.log("r:tea")] == ["e", "r"]
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN
    assert await node.ask("members", "tea", "") == (["ANA"], False)


async def test_only_the_holder_changes_anything(node: Node) -> None:
    old, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s1")
    assert await node.ask("join", old, "milk", True) is Fenced.GONE
    assert await node.ask("leave", old, "tea") is Fenced.GONE
    assert await node.ask("rename", old, "bo", "bo") is Fenced.GONE
    assert await node.direct(old, "ana", "hi") is Fenced.GONE
    assert len(await node.log("r:tea")) == 1


async def test_members_are_listed_by_code_points_of_their_folded_nicks(node: Node) -> None:
    for number, nick in enumerate(["ö", "B", "a", "a.b", "a-b", "ab", "Z", "_"]):
        await node.hello(f"s{number}", nick, rooms=["tea"])
    order = ["_", "a", "a-b", "a.b", "ab", "B", "Z", "ö"]
    assert await node.ask("members", "tea", "") == (order, False)
    for number, nick in enumerate(order):
        assert await node.ask("members", "tea", nick.lower()) == (order[number + 1 :], False)
    assert await node.ask("members", "tea", "aa") == (["ab", "B", "Z", "ö"], False)


async def test_lists_come_in_pages(node: Node, place: Place) -> None:
    names = [f"room{number:04}" for number in range(PAGE + 5)]
    births: Any = dict.fromkeys(names, "b1")
    await place.redis.hset("chat:{c}:births", mapping=births)
    await place.redis.zadd("chat:{r:tea}:members", {f"{name}\0{name}": 0 for name in names})
    rooms, more = await node.ask("rooms", "")
    assert [name for name, _ in rooms] == ["general", *names[: PAGE - 1]] and more
    rooms, more = await node.ask("rooms", names[PAGE - 2])
    assert [name for name, _ in rooms] == names[PAGE - 1 :] and not more
    rooms, more = await node.ask("rooms", "room00015")
    assert rooms[0][0] == "room0002", "a room need not exist to be listed after"
    members, more = await node.ask("members", "tea", "")
    assert members == names[:PAGE] and more
    members, more = await node.ask("members", "tea", names[PAGE - 1])
    assert members == names[PAGE:] and not more


async def test_a_room_that_is_not_there_has_no_members_and_no_history(node: Node) -> None:
    assert await node.ask("members", "milk", "") == ([], False)
    assert await node.ask("history", "milk", "before", "", 10) == (b"", [], False)


async def test_how_a_session_stands_is_told_to_who_holds_it(node: Node) -> None:
    hold, claimed = await node.hello("s1", "ana", rooms=["tea", "lab"])
    standing = await node.ask("standing", hold, timed=False)
    assert (standing.nick, standing.at > 1.5e12) == ("ana", True)
    memberships = [
        membership._replace(created=False, entered=False) for membership in claimed.memberships
    ]
    assert sorted(standing.memberships) == sorted(memberships)
    assert await node.ask("standing", FencingToken("s1", "other.1"), timed=False) is Fenced.GONE
