"""Calls go to the masters that keep their slots, each slot's in order, whatever masters say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from node.brokers import pipeline, routing
from node.brokers.calls import Call
from node.brokers.slot_map import SLOTS, slot_of
from tests.unit.node.brokers.routing_bench import TEA, B, Cluster


@pytest_asyncio.fixture
async def cluster(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    monkeypatch.setattr(pipeline, "BACKOFF", (0.0,))
    monkeypatch.setattr(pipeline, "REPEAT_PAUSE", 0.0)
    made = Cluster()
    yield made
    for task in made.tasks:
        assert not task.done()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


MOVED_TO_A, MOVED_TO_B = f"MOVED {TEA} a:1", f"MOVED {TEA} b:2"


async def test_what_has_moved_is_run_in_order_where_it_is(cluster: Cluster) -> None:
    seed, a, _ = cluster.masters
    seed.refuses["r:tea"] = [MOVED_TO_A]
    for number in range(5):
        cluster.say(f"t{number}")
        cluster.say(f"other{number}", "r:ink")
    await cluster.idle()
    assert a.ran == [f"t{number}" for number in range(5)]
    assert seed.ran == [f"other{number}" for number in range(5)]
    cluster.say("t5")
    await cluster.idle()
    assert a.ran[-1] == "t5" and len(cluster.replies) == 11


@pytest.mark.parametrize("error", ["TRYAGAIN moving", f"ASK {TEA} b:2", "CLUSTERDOWN not served"])
async def test_what_is_refused_for_now_is_not_overtaken(cluster: Cluster, error: str) -> None:
    await cluster.settle()
    a = cluster.masters[1]
    a.refuses["r:tea"] = [error]
    for name in ("t0", "t1"):
        cluster.say(name)
    await asyncio.sleep(0.01)
    cluster.say("t2")
    cluster.say("other", "r:ink")
    await asyncio.sleep(0.01)
    assert a.ran == ["other"], "other slots go on"
    a.refuses.clear()
    cluster.say("t3")
    await cluster.idle()
    assert a.ran == ["other", "t0", "t1", "t2", "t3"]
    assert cluster.shards.all[1].contact.breaks == 0
    kind = error.split(" ")[0].lower()
    assert [key for key, count in cluster.counts.redirects.items() if count] == [kind]


async def test_later_calls_wait_for_those_under_way_at_the_former_server(
    cluster: Cluster,
) -> None:
    await cluster.settle()
    _, a, b = cluster.masters
    a.gate.clear()
    cluster.say("t0")
    await asyncio.sleep(0.01)
    cluster.say("t1")
    cluster.routing.subscription_refused(1, ResponseError(MOVED_TO_B))
    cluster.say("t2")
    await asyncio.sleep(0.01)
    assert b.ran == []
    a.refuses["r:tea"] = [MOVED_TO_B]
    a.gate.set()
    await cluster.idle()
    assert (a.ran, b.ran) == ([], ["t0", "t1", "t2"])


async def test_what_a_server_that_is_gone_had_under_way_is_run_by_its_heir(
    cluster: Cluster,
) -> None:
    await cluster.settle()
    _, a, b = cluster.masters
    a.lost = True
    for name in ("t0", "t1"):
        cluster.say(name)
    await asyncio.sleep(0.01)
    assert cluster.routing._wanted.is_set()
    before = cluster.slots.take([[0, SLOTS - 1, [b"b", 2, b"x"]]])
    assert before == {(1, 2)}
    cluster.routing._known(B)
    cluster.routing._gone(before)
    assert cluster.shards.all[2].contact.breaks == 1, "it may lack the latest"
    await cluster.idle()
    assert b.ran == ["t0", "t1"]


async def test_a_slot_that_moves_in_peace_is_not_taken_for_lost(cluster: Cluster) -> None:
    await cluster.settle()
    cluster.masters[1].refuses["r:tea"] = [MOVED_TO_B]
    cluster.say("t0")
    await cluster.idle()
    assert cluster.masters[2].ran == ["t0"]
    assert [shard.contact.breaks for shard in cluster.shards.all] == [0, 0, 0]


async def test_a_slot_of_a_server_that_served_nobody_may_lack_the_latest(
    cluster: Cluster,
) -> None:
    await cluster.settle()
    cluster.masters[1].refuses["r:tea"] = ["CLUSTERDOWN The cluster is down", MOVED_TO_B]
    cluster.say("t0")
    await cluster.idle()
    assert cluster.shards.all[2].contact.breaks == 1


async def test_masters_that_point_at_each_other_are_not_asked_all_the_time(
    cluster: Cluster,
) -> None:
    await cluster.settle()
    _, a, b = cluster.masters
    a.refuses["r:tea"], b.refuses["r:tea"] = [MOVED_TO_B], [MOVED_TO_A]
    asked = 0

    async def run(commands: list[Any]) -> list[Any]:
        nonlocal asked
        asked += 1
        return [ResponseError(MOVED_TO_B) for _ in commands]

    a.run = run  # type: ignore[method-assign]
    cluster.say("t0")
    await asyncio.sleep(0.3)
    assert 1 <= asked < 8
    b.refuses.clear()
    await cluster.idle()
    assert b.ran == ["t0"]


async def test_nobody_is_reaped_soon_after_leases_could_not_be_renewed(cluster: Cluster) -> None:
    await cluster.settle("c")
    control, time = cluster.shards.control.contact, asyncio.get_running_loop().time
    control.found(time(), True)
    begun = time()
    assert control.steady(time(), time() - begun)
    cluster.masters[1].refuses["c"] = ["TRYAGAIN moving"]
    cluster.say("t0", "c")
    await asyncio.sleep(0.005)
    cluster.masters[1].refuses.clear()
    await cluster.idle()
    assert not control.steady(time(), time() - begun)


async def test_the_map_is_asked_for_at_the_start_and_when_a_server_has_failed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "ASK_PAUSE", 0.0)
    cluster.rows = [[0, SLOTS - 1, [b"a", 1, b"x"]]]
    cluster.tasks.append(asyncio.create_task(cluster.routing.run()))
    await asyncio.sleep(0.01)
    assert cluster.slots.place("r:tea") == 1 and len(cluster.shards.in_use) == 1
    cluster.rows = [[0, SLOTS - 1, [b"b", 2, b"x"]]]
    cluster.masters[1].lost = True
    cluster.say("t0")
    await cluster.idle()
    assert cluster.masters[2].ran == ["t0"]
    cluster.rows = "nonsense"
    cluster.routing.ended(2, False, [], True)
    await asyncio.sleep(0.01)
    assert cluster.slots.place("r:tea") == 2


async def test_many_slots_that_have_moved_are_followed_together(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time all calls that wait are looked at, and there may be thousands."""
    await cluster.settle()
    waiting = cluster.shards.all[1].pipeline
    release, looks = waiting.release, 0

    def looked(stays: Callable[[Call], bool]) -> list[Call]:
        nonlocal looks
        looks += 1
        return release(stays)

    monkeypatch.setattr(waiting, "release", looked)
    tags = [f"r:{number}" for number in range(50)]
    for tag in tags:
        cluster.masters[1].refuses[tag] = [f"MOVED {slot_of(tag)} b:2"]
        cluster.say(tag, tag)
    await cluster.idle()
    assert cluster.masters[2].ran == tags and looks <= 4
