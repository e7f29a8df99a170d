"""The clock of Redis is set, forwards or backwards: no deadline comes earlier or later for it."""

import asyncio
from typing import Any

import pytest

from node.brokers.config import BrokerConfig
from node.brokers.lease import FORMAT
from node.core.entries import Lost
from node.core.model import ClaimDenied, Claimed, Denied, Failure, Stored
from tests.integration.brokers.bench import Place, wait
from tests.integration.brokers.virtual import Life, System, virtual

STEPS = (60.0, 400.0, 7200.0, -120.0, -600.0)
LEASE, GRACE = 8.0, 30.0
STEADY = 10.0
"""Seconds after which nodes may reap."""


async def lost(life: Life, nick: str) -> bool:
    """Say whether a session has ended."""
    return ("l", f'"nick":"{nick}","reason":"lost"}}') in await life.node.log("r:tea")


async def claimed(life: Life, session: str, nick: str) -> Claimed | ClaimDenied | Failure:
    """Say hello, and return the answer."""
    found: Claimed | ClaimDenied | Failure = await life.node.ask(
        "claim", life.node.claim_of(session, nick)
    )
    return found


async def two_nodes(system: System) -> tuple[Life, Life]:
    """Start two nodes, and wait until they may reap."""
    here, there = await system.node(), await system.node()
    await asyncio.sleep(STEADY)
    return here, there


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_a_grace_period_lasts_as_long_as_ever(system: System, step: float) -> None:
    here, there = await two_nodes(system)
    await here.node.hello("s1", "ana", rooms=["tea"])
    gone, _ = await here.node.hello("s2", "bo", rooms=["tea"])
    here.node.broker.part(gone, False)
    await here.node.idle()
    system.server.skew += step
    assert await claimed(there, "s3", "bo") is Denied.TAKEN, "nobody has noticed yet"
    await asyncio.sleep(GRACE - 2)
    assert not await lost(here, "bo")
    await asyncio.sleep(6)
    assert await lost(there, "bo") and not await lost(there, "ana")
    assert isinstance(await claimed(there, "s3", "bo"), Claimed)


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_a_grace_period_that_begins_before_the_step_is_noticed_is_no_longer(
    system: System, step: float
) -> None:
    here, there = await two_nodes(system)
    gone, _ = await here.node.hello("s2", "bo", rooms=["tea"])
    system.server.skew += step
    here.node.broker.part(gone, False)
    await asyncio.sleep(GRACE - 2)
    assert not await lost(here, "bo")
    await asyncio.sleep(8)
    assert await lost(there, "bo")


@virtual
async def test_a_grace_period_that_begins_before_any_node_knows_the_time_is_whole(
    system: System,
) -> None:
    """As after an outage that was longer than all leases: for a while nobody can tell."""
    await two_nodes(system)
    kept = system.server.shell.snapshot()
    system.server.crash()
    await asyncio.sleep(20)
    system.server.restart(kept)
    life = await system.node()
    gone, _ = await life.node.hello("s2", "bo", rooms=["tea"])
    life.node.broker.part(gone, False)
    await asyncio.sleep(GRACE - 2)
    assert not await lost(life, "bo")
    await asyncio.sleep(10)
    assert await lost(life, "bo")


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_leases_go_on(system: System, step: float) -> None:
    here, there = await two_nodes(system)
    names = here.incarnation, there.incarnation
    hold, _ = await here.node.hello("s1", "ana", rooms=["tea"])
    system.server.skew += step
    await asyncio.sleep(2 * LEASE)
    assert (here.incarnation, there.incarnation) == names
    assert here.node.events.told == there.node.events.told == []
    await there.kill()
    await asyncio.sleep(LEASE + 3)
    assert list(system.data("chat:{c}:nodes")) == [here.incarnation.encode()]


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_a_message_is_remembered_for_its_time(system: System, step: float) -> None:
    here, there = await two_nodes(system)
    hold, _ = await here.node.hello("s1", "ana", rooms=["tea"])
    await here.node.hello("s2", "bo")
    first = await wait(here.node.say(hold, "tea", "hi", "once"))
    direct = await here.node.direct(hold, "bo", "psst", "twice")
    assert isinstance(first, Stored) and isinstance(direct, Stored)
    system.server.skew += step
    for seconds in (0.0, 5.0, 285.0):
        await asyncio.sleep(seconds)
        assert await wait(here.node.say(hold, "tea", "hi", "once")) == first
        again = await here.node.direct(hold, "bo", "psst", "twice")
        assert again == await there.node.ask("sent", None, "s1", "twice")
        assert again == direct._replace(log="i:s2")
    await asyncio.sleep(15)
    assert await there.node.ask("sent", "tea", "s1", "once") is None
    assert await there.node.ask("sent", None, "s1", "twice") is None
    await asyncio.sleep(310)
    assert not system.data("chat:{c}:sents")
    assert not system.server.shell.store.call("exists", [b"chat:{c}:sent:s1"])


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_what_is_sent_about_the_time_of_the_step_is_remembered_as_well(
    system: System, step: float
) -> None:
    here, _ = await two_nodes(system)
    hold, _ = await here.node.hello("s1", "ana", rooms=["tea"])
    system.server.skew += step
    first = await wait(here.node.say(hold, "tea", "hi", "at-once"))
    await asyncio.sleep(5)
    second = await wait(here.node.say(hold, "tea", "hi", "later"))
    assert abs(second.at / 1000 - system.loop.now - step) < 1, "people are told Redis' own time"
    system.server.skew -= step
    await asyncio.sleep(280)
    assert await wait(here.node.say(hold, "tea", "hi", "at-once")) == first
    assert await wait(here.node.say(hold, "tea", "hi", "later")) == second


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_a_message_that_was_put_back_is_remembered_as_well(
    system: System, step: float
) -> None:
    here, there = await two_nodes(system)
    hold, _ = await here.node.hello("s1", "ana", rooms=["tea"])
    kept, top = system.server.shell.snapshot(), await here.node.top("r:tea")
    system.server.skew += step
    await asyncio.sleep(3)
    first = await wait(here.node.say(hold, "tea", "hi", "once"))
    entries = (await here.node.ask("tail", "r:tea", 1, timed=False)).entries
    system.restart(kept)
    await asyncio.sleep(5)
    assert await there.node.ask("sent", "tea", "s1", "once") is None
    lost = Lost(top, top, top.epoch, entries)
    assert await here.node.ask("heal", "r:tea", lost, timed=False) == 1
    for seconds in (0.0, 290.0):
        await asyncio.sleep(seconds)
        assert await there.node.ask("sent", "tea", "s1", "once") == first
    await asyncio.sleep(15)
    assert await there.node.ask("sent", "tea", "s1", "once") is None


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_lost_entries_are_waited_for_as_long_as_ever(system: System, step: float) -> None:
    here, _ = await two_nodes(system)
    hold, _ = await here.node.hello("s1", "ana", rooms=["tea"])
    await wait(here.node.say(hold, "tea", "one"))
    here.node.events.known["r:tea"] = await here.node.top("r:tea")
    system.server.shell.store.call("del", [b"chat:{r:tea}:log"])
    said = here.node.say(hold, "tea", "two")
    await asyncio.sleep(0.5)
    system.server.skew += step
    await asyncio.sleep(3)
    assert not said.done()
    await asyncio.sleep(1.5)
    assert said.done() and isinstance(await said, Stored)


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_bans_and_unused_rooms_end_when_they_would_have(system: System, step: float) -> None:
    life = await system.node(BrokerConfig(room_idle=100.0))
    await asyncio.sleep(STEADY)
    hold, _ = await life.node.hello("s1", "ana", rooms=["tea"])
    await life.node.ask("leave", hold, "tea")
    await system.run(life, "order", "m1", "nick:bo", 100_000, "")
    system.server.skew += step
    await asyncio.sleep(95)
    assert await claimed(life, "s2", "bo") is Denied.BANNED
    assert system.data("chat:{r:tea}") is not None
    await asyncio.sleep(8)
    assert isinstance(await claimed(life, "s2", "bo"), Claimed)
    assert system.data("chat:{r:tea}") is None


@virtual
async def test_a_step_is_said_once(system: System, caplog: pytest.LogCaptureFixture) -> None:
    await two_nodes(system)
    caplog.clear()
    system.server.skew += 400
    await asyncio.sleep(10)
    system.server.skew -= 0.5
    await asyncio.sleep(10)
    assert [line for line in caplog.messages if "clock" in line] == [
        "the clock of Redis was set by +400.0 s; deadlines are not affected"
    ]
    assert round(system.shift()) == -400


@pytest.mark.parametrize("nodes", (1, 3))
@virtual
async def test_small_steps_do_not_add_up(system: System, nodes: int) -> None:
    life, *_ = [await system.node() for _ in range(nodes)]
    await asyncio.sleep(STEADY)
    await life.node.hello("s1", "ana", rooms=["tea"])
    gone, _ = await life.node.hello("s2", "bo", rooms=["tea"])
    life.node.broker.part(gone, False)
    for _ in range(14):
        await asyncio.sleep(2)
        system.server.skew += 2
    assert not await lost(life, "bo")
    assert system.shift() < -24


@virtual
async def test_a_redis_that_hung_or_was_away_was_not_set(system: System) -> None:
    await two_nodes(system)
    system.server.stop()
    await asyncio.sleep(20)
    system.server.go_on()
    await asyncio.sleep(3)
    assert system.shift() == 0
    system.server.crash()
    await asyncio.sleep(100)
    system.server.restart(None)
    await asyncio.sleep(3)
    assert system.shift() == 0


@pytest.mark.parametrize("step", (400.0, -600.0))
@virtual
async def test_nodes_remember_the_time_for_a_redis_that_forgot_it(
    system: System, step: float
) -> None:
    """As after a fail-over, to a replica with another clock."""
    here, there = await two_nodes(system)
    old = system.server.shell.snapshot()
    system.server.skew += step
    await asyncio.sleep(50)
    empty: Any = ({}, {})
    for data in (empty, old):
        before, at = here.node.broker._lease.time.least(), system.loop.now
        system.restart(data)
        await asyncio.sleep(5)
        for life in (here, there):
            past = life.node.broker._lease.time.least() - before
            assert abs(past / 1000 - (system.loop.now - at)) < 1
        assert round(system.shift() + step) == 0


@virtual
async def test_a_node_that_has_just_begun_leaves_it_to_those_who_can_tell(system: System) -> None:
    await two_nodes(system)
    system.server.skew += 400
    await system.node()
    await asyncio.sleep(5)
    assert round(system.shift()) == -400


@virtual
async def test_a_node_believes_redis_if_no_other_ran(system: System) -> None:
    life = await system.node()
    await life.kill()
    await asyncio.sleep(3600)
    system.server.skew += 400
    life = await system.node()
    await asyncio.sleep(5)
    assert system.shift() == 0
    await life.kill()
    system.server.skew -= 900
    await system.node()
    await asyncio.sleep(5)
    assert system.shift() > 800, "but time does not go back"


@virtual
async def test_a_machine_that_slept_does_not_turn_back_the_time_of_others(system: System) -> None:
    slept = [0.0]
    await system.node()
    sleeper = await system.node(slept=lambda: slept[0])
    await asyncio.sleep(STEADY)
    slept[0] = 3600.0
    await asyncio.sleep(5)
    assert system.shift() == 0
    assert abs(sleeper.node.broker._lease.time.least() / 1000 - system.loop.now) < 2


@virtual
async def test_a_ban_that_is_given_while_no_node_runs_counts_from_then(system: System) -> None:
    life = await system.node()
    await life.kill()
    await asyncio.sleep(3600)
    life = await system.node()
    await system.run(life, "order", "m1", "nick:bo", 100_000, "")
    await asyncio.sleep(60)
    assert await claimed(life, "s2", "bo") is Denied.BANNED


@virtual
async def test_what_is_further_ahead_than_its_length_is_clamped(system: System) -> None:
    """As nodes of before have left it, which told Redis nothing of clocks."""
    life, _ = await two_nodes(system)
    gone, _ = await life.node.hello("s1", "ana", rooms=["tea"])
    life.node.broker.part(gone, False)
    await life.node.idle()
    ahead = (system.loop.now + 600) * 1000
    for key, member in (("grace", "s1"), ("nodes", "dead"), ("idle", "milk")):
        system.server.shell.store.call(
            "zadd", [b"chat:{c}:%b" % key.encode(), b"%d" % ahead, member.encode()]
        )
    await asyncio.sleep(2)
    now = system.loop.now * 1000
    assert system.data("chat:{c}:grace")[b"s1"] <= now + GRACE * 1000
    assert system.data("chat:{c}:nodes")[b"dead"] <= now + LEASE * 1000
    assert system.data("chat:{c}:idle")[b"milk"] <= now
    await asyncio.sleep(GRACE + 1)
    assert await lost(life, "ana")


async def test_a_lease_that_begins_before_any_node_knows_the_time_is_whole(place: Place) -> None:
    """Else the next to renew its own, which tells the time, would find that this one is over."""
    await place.node()
    seconds, _ = await place.redis.time()
    now = seconds * 1000
    await place.redis.hset("chat:{c}:clock", "seen", now - 60_000)
    unknown = (0, 0, 0)
    reply = await place.run("renew", "inc9", 8000, FORMAT, "e1", 1, "{}", 200, 1000, *unknown)
    assert reply[0] == b"new" and int(reply[2]) < now - 50_000, "the time stands still"
    assert (await place.redis.zscore("chat:{c}:nodes", "inc9") or 0) >= now + 8000
