"""A node notices which of its sessions Redis has lost, and which ones only Redis has."""

import asyncio

import pytest

from node.brokers import session_audit
from tests.integration.brokers.bench import Node, Place


async def test_a_node_notices_that_redis_forgot_its_sessions(place: Place, node: Node) -> None:
    await node.stop_renewing()
    await node.hello("s1", "ana")
    assert await node.ask("check", timed=False) is False
    await place.redis.flushall()
    assert await node.ask("check", timed=False) is True
    assert ("forgotten", True) in node.events.told


async def test_a_node_notices_that_redis_went_back(place: Place, node: Node) -> None:
    await node.stop_renewing()
    await node.hello("s1", "ana")
    inc = node.broker.owner().split(".")[0]
    await place.redis.hincrby("chat:{c}:ops", inc, -1)
    assert await node.ask("check", timed=False) is True
    assert ("forgotten", True) in node.events.told


async def test_changes_made_since_do_not_hide_that_redis_went_back(
    place: Place, node: Node
) -> None:
    """As when sessions begin before the node gets to renew its lease."""
    await node.stop_renewing()
    await node.hello("s1", "ana")
    await node.hello("s2", "bo")
    inc = node.broker.owner().split(".")[0]
    await place.redis.hincrby("chat:{c}:ops", inc, -2)
    for number in range(3, 7):
        await node.hello(f"s{number}", f"nick{number}")
    assert await node.ask("check", timed=False) is True
    assert ("forgotten", True) in node.events.told


async def test_a_reply_that_is_told_again_does_not_say_that_redis_went_back(
    place: Place, node: Node
) -> None:
    hold, _ = await node.hello("s1", "ana", rooms=["tea", "milk"])
    await node.ask("leave", hold, "milk")
    place.losses.count = 0  # The next reply is lost, if any.
    claimed = node.start("claim", node.claim_of("s2", "bo"))
    await asyncio.sleep(0.005)  # What follows is done before the claim is repeated.
    await node.ask("leave", hold, "tea")
    await claimed
    assert await node.ask("check", timed=False) is False


async def test_a_session_that_redis_alone_says_is_here_is_let_go_at_the_second_look(
    place: Place, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went to another node, and Redis forgot that: a change, but none that this node made."""
    await node.stop_renewing()
    await node.hello("s1", "ana")
    before = {key: await place.redis.dump(key) or b"" for key in await place.redis.keys("*")}
    await (await place.node()).hello("s1")
    node.events.here.discard("s1")
    await place.redis.flushall()
    for key, data in before.items():
        await place.redis.restore(key, 0, data)
    for grace in ([], [b"s1"]):
        assert await node.ask("check", timed=False) is False
        await node.idle()
        assert await place.redis.zrange("chat:{c}:grace", 0, -1) == grace
        monkeypatch.setattr(session_audit, "LOOK_EVERY", 0.0)


async def test_a_session_that_is_just_coming_in_is_not_let_go(
    place: Place, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis knows of it a moment earlier."""
    await node.stop_renewing()
    await node.hello("s1", "ana")
    node.events.here.discard("s1")
    assert await node.ask("check", timed=False) is False
    await node.idle()
    node.events.here.add("s1")
    await node.hello("s2", "bo")
    node.events.here.discard("s2")
    monkeypatch.setattr(session_audit, "LOOK_EVERY", 0.0)
    assert await node.ask("check", timed=False) is False
    await node.idle()
    assert await place.redis.zcard("chat:{c}:grace") == 0


async def test_sessions_that_left_in_the_forgotten_time_are_let_go(
    place: Place, node: Node
) -> None:
    await node.hello("s1", "ana", rooms=["tea"])
    await node.hello("s2", "bo", rooms=["tea"])
    node.events.here.discard("s2")
    inc = node.broker.owner().split(".")[0]
    await place.redis.hincrby("chat:{c}:ops", inc, -1)
    await node.ask("check", timed=False)
    await node.idle()
    assert await place.redis.zrange("chat:{c}:grace", 0, -1) == [b"s2"]


async def test_who_leaves_after_its_session_was_evicted_alone_leaves_nothing_behind(
    place: Place, node: Node
) -> None:
    await node.hello("s2", "bo", rooms=["tea"])
    hold, _ = await node.hello("s1", "ana", rooms=["tea"])
    await place.redis.delete("chat:{c}:session:s1")
    node.events.here.discard("s1")
    node.broker.part(hold, quit=True)
    await node.settled()
    assert ("tea", 1) in (await node.ask("rooms", ""))[0]
    assert not await place.redis.exists("chat:{c}:rooms:s1")
    assert await place.redis.smembers("chat:{c}:at:" + node.incarnation) == {b"s2"}
    await node.hello("s3", "ana")
