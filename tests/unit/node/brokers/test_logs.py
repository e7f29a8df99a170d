"""When a node looks again at a log that others may be putting back."""

import asyncio

from tests.integration.brokers.virtual import System, virtual

LOG, PART = "r:tea", 0.55


@virtual
async def test_a_log_is_looked_at_again_once_and_as_soon_as_it_may_be_put_back(
    system: System,
) -> None:
    node = (await system.node()).node
    await asyncio.sleep(0.5)
    for _ in range(2):
        node.broker.look_again(LOG, PART)
    while node.broker.unhealed(LOG, PART):
        assert ("differs", LOG) not in node.events.told
        await asyncio.sleep(0.01)
    await node.events.hears("differs", LOG)
    await asyncio.sleep(0.1)
    assert ("differs", LOG) not in node.events.told


@virtual
async def test_each_time_that_a_log_has_to_wait_it_is_looked_at_again(system: System) -> None:
    node = (await system.node()).node
    for _ in range(2):
        node.broker.look_again(LOG, PART)
        await node.events.hears("differs", LOG)
