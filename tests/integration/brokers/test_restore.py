"""Sessions are put back as the node that holds their connection knows them."""

import asyncio
from typing import Any

import pytest

from node.core.model import Denied, Fenced, FencingToken, Restored, SessionSnapshot, Unavailable
from tests.integration.brokers.bench import Node, Place
from tests.integration.brokers.virtual import System, virtual


def memory(node: Node, hold: FencingToken, nick: str, *rooms: str, **named: Any) -> SessionSnapshot:
    """Return what a node knows of a session."""
    known: dict[str, Any] = {"keyed": True, "attempt": None, "claim": 1, **named}
    births = node.broker._context.births
    return SessionSnapshot(
        FencingToken(hold.session, node.broker.owner()),
        hold.owner,
        known["keyed"],
        nick,
        nick.lower(),
        known["attempt"],
        known["claim"],
        [(room, "k1-7-a", births.get("r:" + room, b"b1")) for room in rooms],
        known.get("is_settled", True),
    )


async def restore(node: Node, memory: SessionSnapshot, anew: bool = False) -> object:
    """Put a session back."""
    reply: object = await node.ask("restore", memory, anew, timed=False)
    return reply


async def forget(place: Place) -> None:
    """Forget everything, as a Redis that was restarted without its data."""
    await place.redis.flushall()


async def test_a_forgotten_session_is_put_back_whole(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "Ana", rooms=["tea"], attempt=5)
    await forget(place)
    known = memory(node, hold, "Ana", "tea", attempt=5, claim=3)
    assert isinstance(await restore(node, known, anew=True), Restored)
    assert await node.ask("members", "tea", "") == (["Ana"], False)
    assert await node.ask("claim", node.claim_of("s2", "ana")) is Denied.TAKEN
    assert await node.ask("claim", node.claim_of("s1", attempt=5)) is Fenced.STALE
    _, found = await node.hello("s1", attempt=6)
    assert (found.resumed, found.nick) == (True, "Ana") and found.claim > 3
    assert [membership.position for membership in found.memberships] == ["k1-7-a"]


async def test_a_forgotten_nick_that_somebody_else_took_is_theirs(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana")
    await forget(place)
    await node.hello("s2", "ana")
    place.losses.wanted = False
    reply: object = Unavailable.UNREACHABLE
    while reply is Unavailable.UNREACHABLE:  # A connection that broke may have reached older data.
        reply = await restore(node, memory(node, hold, "ana"), anew=True)
    assert reply is Denied.TAKEN


async def test_a_session_that_ended_is_not_put_back(node: Node) -> None:
    hold, _ = await node.hello("s1", "ana")
    node.broker.part(hold, quit=True)
    assert await restore(node, memory(node, hold, "ana")) is Fenced.GONE


async def test_a_session_in_its_grace_goes_on_where_it_was(place: Place, node: Node) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    node.broker.part(hold, quit=False)
    known = memory(node, hold, "ana", "tea")
    assert isinstance(await restore(node, known), Restored)
    assert await place.redis.zcard("chat:{c}:grace") == 0
    assert await node.ask("leave", hold, "tea") is Fenced.GONE
    assert await node.ask("leave", known.token, "tea") is not None


async def test_a_session_in_the_grace_of_another_connection_is_not_ours(node: Node) -> None:
    old, _ = await node.hello("s1", "ana")
    new, _ = await node.hello("s1")
    node.broker.part(new, quit=False)
    assert await restore(node, memory(node, old, "ana", claim=1)) is Fenced.GONE


@pytest.mark.parametrize(("more", "ours"), [(-1, False), (1, True)])
async def test_the_higher_claim_wins_when_redis_went_back(
    node: Node, more: int, ours: bool
) -> None:
    old, first = await node.hello("s1", "ana")
    _, second = await node.hello("s1")
    assert second.claim > first.claim
    reply = await restore(node, memory(node, old, "ana", claim=second.claim + more))
    assert isinstance(reply, Restored) if ours else reply is Fenced.GONE


async def test_a_session_is_put_back_although_redis_went_back_to_before_the_last_time(
    place: Place, node: Node
) -> None:
    first, claimed = await node.hello("s1", "old", rooms=["tea"])
    before: Any = await place.redis.hgetall("chat:{c}:session:s1")
    known = memory(node, first, "old", "tea", claim=claimed.claim)
    assert isinstance(await restore(node, known), Restored)
    await node.ask("rename", known.token, "new", "new")
    await place.redis.hset("chat:{c}:session:s1", mapping=before)
    again = memory(node, known.token, "new", "tea", claim=claimed.claim)
    assert isinstance(await restore(node, again), Restored)
    assert await node.ask("members", "tea", "") == (["new"], False)


async def test_a_session_that_was_put_back_without_a_reply_goes_on_as_it_stands(node: Node) -> None:
    hold, claimed = await node.hello("s1", "ana", rooms=["tea"])
    for _ in range(2):
        known = memory(node, hold, "ana", "tea", claim=claimed.claim)
        assert isinstance(await restore(node, known), Restored)
    assert await node.ask("members", "tea", "") == (["ana"], False)
    await node.ask("rename", known.token, "new", "new")


async def test_a_claim_of_another_node_is_never_the_same(place: Place, node: Node) -> None:
    """Two may have the same time if Redis has forgotten the earlier one."""
    hold, _ = await node.hello("s1", "ana")
    other = await place.node()
    _, claimed = await other.hello("s1")
    known = memory(node, hold, "ana", claim=claimed.claim)
    assert await restore(node, known, anew=True) is Fenced.GONE


async def test_who_began_anew_after_redis_forgot_is_not_taken_back(
    place: Place, node: Node
) -> None:
    """The node that it left still has the connection when it puts its sessions back."""
    for _ in range(3):
        old, known = await node.hello("s1", "ana", rooms=["tea"])
    await forget(place)
    other = await place.node()
    await other.hello("s1", "ana", rooms=["tea"])
    mine = memory(node, old, "ana", "tea", claim=known.claim)
    assert await restore(node, mine, anew=True) is Fenced.GONE


async def test_what_was_left_or_renamed_in_the_forgotten_time_is_done_again(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "old", rooms=["tea", "milk"])
    known = memory(node, hold, "new", "milk", "coffee")
    await node.idle()
    # After a break, nodes may still be putting back that it left: a reply is lost only later.
    place.losses.of, place.losses.count = 3, 1
    assert isinstance(await restore(node, known, anew=True), Restored)
    assert await node.ask("members", "tea", "") == ([], False)
    assert await node.ask("members", "milk", "") == (["new"], False)
    assert await node.ask("members", "coffee", "") == (["new"], False)
    assert await place.redis.zscore("chat:{c}:idle", "tea") is not None
    await node.hello("s2", "old")


async def test_a_session_that_was_taken_from_its_node_is_given_back_as_it_stands(
    node: Node,
) -> None:
    """Nothing was forgotten: what was done last, the node may not have heard of."""
    hold, _ = await node.hello("s1", "old", rooms=["tea", "milk"])
    await node.ask("leave", hold, "tea")
    await node.ask("rename", hold, "new", "new")
    known = memory(node, hold, "old", "tea", "milk")
    assert isinstance(await restore(node, known), Restored)
    assert await node.ask("members", "tea", "") == ([], False)
    assert await node.ask("members", "milk", "") == (["new"], False)
    await node.hello("s2", "old")


@pytest.mark.parametrize(
    ("back", "count", "nick"), [(0, True, "new"), (1, True, "newest"), (1, False, "new")]
)
async def test_a_session_goes_on_as_its_node_knows_it_if_redis_went_back_before_the_reap(
    place: Place, node: Node, back: int, count: bool, nick: str
) -> None:
    """Else a change that was done and told to all would be undone, and nobody would hear of it."""
    hold, _ = await node.hello("s1", "old", rooms=["tea"])
    await node.ask("rename", hold, "new", "new")
    inc = hold.owner.split(".")[0]
    await node.stop_renewing()
    await place.redis.hincrby("chat:{c}:ops", inc, -back)
    await place.redis.zadd("chat:{c}:nodes", {inc: 1})
    assert (await place.run("reap", "op", 4 * 10**12, 10**9, 100, 9e15))[0] == 1
    if not count:  # a node of version 0.1
        await place.redis.set("chat:{c}:dead:" + inc, 1)
    assert await node.ask("check", timed=False) is True
    assert isinstance(await restore(node, memory(node, hold, "newest", "tea")), Restored)
    assert await node.ask("members", "tea", "") == ([nick], False)


async def test_a_session_whose_last_change_is_not_settled_goes_on_as_redis_has_it(
    place: Place, node: Node
) -> None:
    """Also if Redis went back before: the change may have been done since."""
    hold, _ = await node.hello("s1", "old", rooms=["tea"])
    inc = hold.owner.split(".")[0]
    await node.stop_renewing()
    await place.run("nick", "opx", *hold, "new", "new", 0)  # its reply was lost
    await place.redis.hincrby("chat:{c}:ops", inc, -2)
    await place.redis.zadd("chat:{c}:nodes", {inc: 1})
    assert (await place.run("reap", "op", 4 * 10**12, 10**9, 100, 9e15))[0] == 1
    assert await node.ask("check", timed=False) is True
    known = memory(node, hold, "old", "tea", is_settled=False)
    assert isinstance(await restore(node, known), Restored)
    assert await node.ask("members", "tea", "") == (["new"], False)


async def test_a_session_that_is_put_back_before_its_node_learns_of_the_reap_undoes_nothing(
    place: Place, node: Node
) -> None:
    """The count of changes begins again with it, though Redis never went back."""
    one, _ = await node.hello("s1", "old", rooms=["tea"])
    two, _ = await node.hello("s2", "bo", rooms=["tea"])
    inc = one.owner.split(".")[0]
    await node.stop_renewing()
    await place.run("nick", "opx", *one, "new", "new", 0)  # its reply was lost
    await place.redis.zadd("chat:{c}:nodes", {inc: 1})
    assert (await place.run("reap", "op", 4 * 10**12, 10**9, 100, 9e15))[0] == 2
    assert isinstance(await restore(node, memory(node, two, "bo", "tea")), Restored)
    assert await node.ask("check", timed=False) is True
    assert isinstance(await restore(node, memory(node, one, "old", "tea")), Restored)
    assert await node.ask("members", "tea", "") == (["bo", "new"], False)


@virtual
async def test_a_reaped_node_gets_back_what_it_put_back_without_telling_rooms(
    system: System,
) -> None:
    life, _ = await system.node(), await system.node()
    node = life.node
    await asyncio.sleep(12)
    hold, claimed = await node.hello("s1", "ana", rooms=["tea"])
    life.weather.cut_until = system.loop.now + 12
    await asyncio.sleep(12)
    await node.events.hears("forgotten", False)
    known, note = memory(node, hold, "ana", "tea", claim=claimed.claim), node.broker._lease.note

    def cut(owner: str, changes: int) -> None:
        note(owner, changes)
        if owner == known.token.owner:
            life.weather.cut_until = system.loop.now + 6

    node.broker._lease.note = cut  # type: ignore[method-assign]
    reply = await restore(node, known)
    assert reply is Unavailable.UNREACHABLE
    while reply is Unavailable.UNREACHABLE:
        reply = await restore(node, memory(node, hold, "ana", "tea", claim=claimed.claim))
    assert isinstance(reply, Restored)


@pytest.mark.parametrize("how", ["quits", "is renamed", "is at no node"])
@virtual
async def test_a_nick_that_went_from_one_session_to_another_is_had_back_once_the_first_has_let_go(
    system: System, how: str
) -> None:
    """Redis went back to before that. If no node has the first one, it keeps the nick."""
    life, two = await system.node(), (await system.node()).node
    one = life.node
    await asyncio.sleep(12)
    hold, first = await one.hello("s1", "ana", rooms=["tea"])
    before = system.server.shell.snapshot()
    if how == "is renamed":
        await one.ask("rename", hold, "bo", "bo")
    else:
        one.broker.part(hold, quit=True)
        one.events.here.discard("s1")
    await asyncio.sleep(1)
    later, second = await two.hello("s2", "ana", rooms=["tea"])
    if how == "is at no node":
        await life.kill()
    system.restart(before)
    await two.events.hears("forgotten", True)
    replies: list[object] = []
    while not replies or replies[-1] is Unavailable.UNREACHABLE:
        known = memory(two, later, "ana", "tea", claim=second.claim)
        replies.append(await restore(two, known, anew=True))
        if how == "is renamed" and len(replies) == 3:
            known = memory(one, hold, "bo", "tea", claim=first.claim)
            assert isinstance(await restore(one, known, anew=True), Restored)
    assert len(replies) < 30, "it was not asked again and again without a pause"
    if how == "is at no node":
        assert replies[-1] is Denied.TAKEN
    else:
        assert isinstance(replies[-1], Restored)
        assert system.data("chat:{c}:nicks")[b"ana"] == b"s2"
