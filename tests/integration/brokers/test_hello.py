"""A session begins, goes on anywhere, and is held by one connection."""

from dataclasses import replace

import pytest

from node.brokers import scripts
from node.brokers.config import BrokerConfig
from node.brokers.lease import FORMAT
from node.core.entries import START, Position
from node.core.model import Claimed, Denied, Fenced, Unavailable
from tests.integration.brokers.bench import Node, Place, wait

PATIENT = BrokerConfig(heal_within=1e9)


async def test_a_session_begins_in_the_default_room(node: Node) -> None:
    hold, begun = await node.hello("s1", "Ana", default_room="general")
    assert (begun.resumed, begun.nick, begun.inbox) == (False, "Ana", None)
    [membership] = begun.memberships
    assert (membership.room, membership.members, membership.created, membership.quiet) == (
        "general",
        1,
        False,
        False,
    )
    assert await node.log("r:general") == [("e", '"nick":"Ana"}')]
    assert membership.position == str(await node.top("r:general"))
    assert await node.ask("members", "general", "") == (["Ana"], False)


async def test_rooms_that_are_asked_for_are_made_where_missing(node: Node) -> None:
    _, first = await node.hello("s1", "ana", rooms=["tea"], default_room="")
    _, second = await node.hello("s2", "bo", rooms=["milk", "tea"])
    assert [
        (membership.room, membership.created, membership.members)
        for membership in first.memberships
    ] == [("tea", True, 1)]
    found = [
        (membership.room, membership.created, membership.members)
        for membership in second.memberships
    ]
    assert found == [("milk", True, 1), ("tea", False, 2)]
    rooms, more = await node.ask("rooms", "")
    assert rooms == [("general", 0), ("milk", 1), ("tea", 2)] and not more


async def test_a_session_goes_on_elsewhere_and_nobody_sees_it(place: Place) -> None:
    here, there = await place.node(), await place.node()
    old, _ = await here.hello("s1", "Ana", rooms=["tea"])
    new, found = await there.hello("s1", "whoever", default_room="general")
    await here.events.hears("moved", old)
    assert (found.resumed, found.nick) == (True, "Ana")
    assert [(membership.room, membership.created) for membership in found.memberships] == [
        ("tea", False)
    ]
    assert found.memberships[0].position == str(await here.top("r:tea"))
    assert await there.log("r:tea") == [("e", '"nick":"Ana"}')]
    assert await here.ask("leave", old, "tea") is Fenced.GONE
    assert await there.ask("leave", new, "tea") is not None


async def test_a_hello_that_is_repeated_late_neither_takes_nor_begins_a_session(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await place.node(), await place.node()
    monkeypatch.setattr(here.broker._context, "random_id", lambda: "k1op1")
    claim = here.claim_of("s1", "Ana", rooms=["tea"])
    assert isinstance(await here.ask("claim", claim), Claimed)
    # The connection is lost before the answer comes, and the client goes on elsewhere.
    hold, _ = await there.hello("s1", "Ana")
    assert await here.ask("claim", claim) is Fenced.STALE
    assert await there.ask("members", "tea", "") == (["Ana"], False), "it is still there"
    there.broker.part(hold, quit=True)
    await there.idle()
    assert await here.ask("claim", claim) is Fenced.STALE
    assert await there.ask("members", "tea", "") == ([], False)
    await there.hello("s1", "Ana", rooms=["tea"])
    assert [kind for kind, _ in await there.log("r:tea")] == ["e", "l", "e"]


async def test_a_continued_session_may_come_into_more_rooms(node: Node) -> None:
    await node.hello("s1", "ana", rooms=["tea"])
    _, found = await node.hello("s1", rooms=["milk", "tea"])
    assert [(membership.room, membership.created) for membership in found.memberships] == [
        ("tea", False),
        ("milk", True),
    ]
    assert [(membership.room, membership.entered) for membership in found.memberships] == [
        ("tea", False),
        ("milk", True),
    ]
    assert len(await node.log("r:tea")) == 1


async def test_a_nick_is_held_by_one_session_in_any_form(place: Place) -> None:
    here, there = await place.node(), await place.node()
    await here.hello("s1", "Ana")
    taken = await there.ask("claim", there.claim_of("s2", "ANA"))
    assert taken is Denied.TAKEN
    assert await place.redis.exists("chat:{c}:session:s2") == 0


async def test_a_new_session_needs_a_nick(node: Node) -> None:
    assert await node.ask("claim", node.claim_of("s1")) is Denied.NAMELESS


async def test_an_attempt_has_to_be_above_the_last(node: Node) -> None:
    await node.hello("s1", "ana", attempt=5)
    for attempt, stale in ((5, True), (4, True), (6, False), (None, False), (6, True), (7, False)):
        reply = await node.ask("claim", node.claim_of("s1", attempt=attempt))
        assert (reply is Fenced.STALE) is stale, attempt


async def test_nobody_is_in_more_rooms_than_allowed(node: Node) -> None:
    rooms = [f"room{number:02}" for number in range(60)]
    _, found = await node.hello("s1", "ana", rooms=rooms)
    assert found.refused == rooms[50:] and len(found.memberships) == 50
    _, again = await node.hello("s1", rooms=["one-more", "room07"])
    assert again.refused == ["one-more"] and len(again.memberships) == 50


async def test_a_session_is_let_go_for_a_while_and_comes_back(node: Node, place: Place) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.part(hold, quit=False)
    await node.idle()
    assert await place.redis.zcard("chat:{c}:grace") == 1
    assert await node.ask("members", "tea", "") == (["ana"], False)
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN
    _, found = await node.hello("s1")
    assert found.resumed and await place.redis.zcard("chat:{c}:grace") == 0
    assert len(await node.log("r:tea")) == 1


@pytest.mark.parametrize(
    ("quit", "keyed", "reason"), [(True, True, "quit"), (False, False, "lost")]
)
async def test_a_session_that_ends_is_gone_at_once(
    node: Node, place: Place, quit: bool, keyed: bool, reason: str
) -> None:
    hold, _ = await node.hello("s1", "ana", keyed=keyed, rooms=["tea", "milk"])
    node.broker.part(hold, quit)
    await node.idle()
    for room in ("tea", "milk"):
        left = ("l", f'"nick":"ana","reason":"{reason}"}}')
        assert (await node.log("r:" + room))[1:] == [left]
        assert await node.ask("members", room, "") == ([], False)
    await node.hello("s2", "ana")
    assert (
        await place.redis.exists("chat:{c}:session:s1", "chat:{c}:rooms:s1", "chat:{c}:grace") == 0
    )
    ids = [(await node.top("r:" + room)).id for room in ("tea", "milk")]
    assert ids[0] != ids[1]


async def test_only_the_holder_ends_a_session(node: Node) -> None:
    old, _ = await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s1")
    node.broker.part(old, quit=True)
    await node.idle()
    assert await node.ask("members", "tea", "") == (["ana"], False)


async def unhealed(node: Node, room: str, position: Position) -> bool:
    """Say whether a hello with a position is told to wait for the log to be healed."""
    known = [("r:" + room, position)]
    reply = await node.ask("claim", node.claim_of("s9", "cy", rooms=[room], known=known))
    if isinstance(reply, Claimed):
        return False
    assert reply is Fenced.UNHEALED
    return True


async def patient(place: Place, retained: int = 1000) -> Node:
    """Return a node that always takes into account that nodes put back what was lost.

    After each break it looks again whether positions are known: so not every call breaks.
    """
    place.losses.of = 3
    return await place.node(replace(PATIENT, retained=retained))


async def test_positions_that_a_log_does_not_know_yet_are_refused_while_it_may_be_healed(
    place: Place,
) -> None:
    node = await patient(place)
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    kept = [await wait(node.say(hold, "tea", f"t{number}")) for number in range(3)]
    found = [Position.parse(each.position) for each in kept]
    top = found[-1]
    assert top is not None and found[0] is not None
    assert not await unhealed(node, "tea", top)
    assert not await unhealed(node, "tea", found[0])
    assert not await unhealed(node, "tea", START)
    assert await unhealed(node, "tea", top._replace(offset=9, id=b"lost"))
    assert await unhealed(node, "tea", top._replace(epoch=b"k9", id=b"lost"))
    assert await unhealed(node, "tea", top._replace(id=b"lost")), "its offset was used again"
    assert await unhealed(node, "milk", top)
    await place.redis.hset("chat:{r:tea}", "moved", str(top.offset))
    await place.redis.hset("chat:{r:tea}:moved", top.id.decode(), f"{top.offset} k9-77 1")
    assert not await unhealed(node, "tea", top._replace(epoch=b"k9", offset=77)), "put back"


async def test_no_session_begins_behind_an_inbox_that_may_be_put_back(place: Place) -> None:
    node = await patient(place)
    known = [("i:s1", Position(b"k9", 1, b"x1"))]
    claim = node.claim_of("s1", "ana", keyed=True, known=known)
    assert await node.ask("claim", claim) is Fenced.UNHEALED
    await node.hello("s1", "ana", keyed=True)
    assert isinstance(await node.ask("claim", claim), Claimed), "the session goes on"
    node.broker.part(claim.token, quit=True)
    await node.idle()
    assert isinstance(await node.ask("claim", claim), Claimed), "it is known to have ended"


async def test_a_position_that_was_trimmed_is_none_that_may_be_put_back(place: Place) -> None:
    node = await patient(place, retained=5)
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    kept = [await wait(node.say(hold, "tea", f"t{number}")) for number in range(20)]
    found = [position for each in kept if (position := Position.parse(each.position))]
    assert not await unhealed(node, "tea", found[0])
    assert not await unhealed(node, "tea", found[14])
    assert await unhealed(node, "tea", found[0]._replace(epoch=b"k9"))


async def test_positions_of_rooms_that_a_session_will_not_be_in_do_not_matter(
    place: Place,
) -> None:
    node = await patient(place)
    known = [("r:tea", Position(b"k9", 7, b"lost"))]
    await node.hello("s1", "ana", rooms=["milk"], known=known)
    reply = await node.ask("claim", node.claim_of("s2", "bo", default_room="tea", known=known))
    assert reply is Fenced.UNHEALED
    await node.hello("s3", "cy", rooms=["tea"])
    assert await node.ask("claim", node.claim_of("s3", known=known)) is Fenced.UNHEALED


async def test_an_incarnation_that_was_reaped_gets_no_sessions(place: Place, node: Node) -> None:
    """Else nobody would ever reap them: it is not among the nodes any more."""
    claim = node.claim_of("s1", "ana")
    await place.redis.set("chat:{c}:dead:" + claim.token.owner.split(".")[0], 1)
    reply = await node.ask("claim", claim)
    assert reply is Fenced.GONE
    assert await place.redis.exists("chat:{c}:session:s1", "chat:{c}:nicks") == 0


async def test_no_session_begins_in_data_of_another_format(place: Place) -> None:
    """Also before the node has renewed its lease, which tells it of the format."""
    node = await place.node()
    await place.redis.set("chat:{c}:format", 99)
    before = sorted(await place.redis.keys())
    assert await node.ask("claim", node.claim_of("s1", "ana")) is Unavailable.UNREACHABLE
    assert sorted(await place.redis.keys()) == before


def test_the_scripts_know_the_same_format_as_the_lease() -> None:
    assert f"local FORMAT = '{FORMAT}'" in scripts.source("hello")


async def test_a_hello_makes_no_more_rooms_than_it_may_but_joins_those_there_are(
    node: Node,
) -> None:
    await node.hello("s1", "ana", rooms=["tea"])
    names = ["a", "tea", "b", "c"]
    _, found = await node.hello("s2", "bo", rooms=names, default_room="den", makes=2)
    assert [membership.room for membership in found.memberships] == ["a", "tea", "b", "den"]
    assert found.refused == ["c"]
