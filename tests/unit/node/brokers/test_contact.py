"""Who may reap: whoever knows that others could renew their leases, over whatever network."""

import asyncio

import pytest

from node.brokers.contact import Contact
from tests.integration.brokers.virtual import System, virtual

LEASE, GRACE = 8.0, 30.0


@pytest.mark.parametrize("flaky", (1.3, 2.0, 3.7))
@virtual
async def test_the_lost_are_reaped_though_each_node_loses_replies_all_the_time(
    system: System, flaky: float
) -> None:
    here, there = [await system.node(flaky=flaky) for _ in range(2)]
    dying = await system.node()
    await asyncio.sleep(12)
    await dying.node.hello("s1", "ana", rooms=["tea"])
    await dying.node.hello("u1", "bo", keyed=False, rooms=["tea"])
    names = here.incarnation, there.incarnation
    await dying.kill()
    await asyncio.sleep(LEASE + 5)
    log = await here.node.log("r:tea")
    assert [body for kind, body in log if kind == "l"] == ['"nick":"bo","reason":"lost"}']
    await asyncio.sleep(GRACE)
    assert ("l", '"nick":"ana","reason":"lost"}') in await here.node.log("r:tea")
    assert (here.incarnation, there.incarnation) == names
    for life in (here, there):
        assert life.node.metrics.broker_reconnects > 8


@virtual
async def test_nobody_is_reaped_whom_redis_forgot_or_did_not_answer(system: System) -> None:
    """What one node could not do in that time, others could not do either."""
    here, there = await system.node(), await system.node()
    await asyncio.sleep(12)
    names = here.incarnation, there.incarnation
    old = system.server.shell.snapshot()
    await asyncio.sleep(LEASE - 1)
    system.restart(old)
    there.weather.cut_until = system.loop.now + 4
    await asyncio.sleep(LEASE)
    assert (here.incarnation, there.incarnation) == names, "Redis had an older lease of it"
    await asyncio.sleep(12)
    system.server.stop()
    await asyncio.sleep(LEASE + 2)
    there.weather.cut_until = system.loop.now + 2
    system.server.go_on()
    await asyncio.sleep(LEASE)
    assert (here.incarnation, there.incarnation) == names, "it could not renew its lease"


def met(*answers: tuple[float, float]) -> Contact:
    """Return a contact with a Redis that knew us, and that answered these."""
    contact = Contact(4.0)
    for asked, now in answers:
        contact.answered(asked, now)
        contact.found(now, True)
    return contact


def test_a_break_that_is_shorter_than_what_others_need_does_not_count() -> None:
    contact = met((0.0, 0.1), (3.9, 4.0))
    contact.lost()
    assert not contact.steady(8.0, 8.0), "on a new connection there may be another Redis"
    contact.answered(4.1, 7.9)
    assert not contact.steady(8.1, 8.0)
    contact.found(8.1, True)
    assert contact.steady(8.1, 8.0) and not contact.steady(8.0, 8.0)
    assert contact.unbroken(8.1, 0.1) and not contact.unbroken(8.1, 0.3)


def test_a_longer_one_counts_from_when_redis_was_asked() -> None:
    contact = met((0.0, 0.1), (0.2, 4.0), (4.0, 4.3))
    assert not contact.steady(12.2, 8.0) and contact.steady(12.3, 8.0)


def test_a_redis_that_went_back_has_to_hear_from_everybody_again() -> None:
    contact = met((0.0, 0.1), (3.0, 3.1))
    contact.found(3.1, False)
    contact.answered(4.0, 4.1)
    contact.found(4.1, True)
    assert not contact.steady(11.0, 8.0) and contact.steady(11.1, 8.0)
