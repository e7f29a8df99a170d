"""Slots that move while people talk: all the time, by redis-cli, and half way."""

import asyncio
import time

from tests.labs.faults import listening, moving
from tests.labs.faults.cluster import Cluster
from tests.labs.faults.moving import Batch
from tests.labs.faults.record import Acked, Refused
from tests.labs.faults.shard_acts import sharded
from tests.labs.faults.sharded import ShardedCluster
from tests.labs.faults.shards import CONTROL, ROOMS, SHARDS, slot_of
from tests.labs.faults.verdict import Kind, Violation

HALF = 10.0
"""Seconds after which somebody finishes a migration that stopped half way."""
QUIET = slot_of(listening.ROOM)


async def move_rooms(lab: Cluster, end: float) -> None:
    """Move rooms round and round, each with a hundred slots."""
    await move_all(sharded(lab), [QUIET, *map(slot_of, ROOMS)], end)


async def move_rooms_and_control(lab: Cluster, end: float) -> None:
    """The same, and the slot of sessions with them, each second time."""
    rooms = [QUIET, *map(slot_of, ROOMS)]
    await move_all(sharded(lab), [slot for room in rooms for slot in (CONTROL, room)], end)


async def move_all(lab: ShardedCluster, slots: list[int], end: float) -> None:
    """Move slots, one after the other, until a time; somebody listens meanwhile."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(listening.listen(lab, over))
        await asyncio.sleep(min(2.0, lab.plan.seconds / 5))
        moved = 0
        while time.monotonic() < end:
            batch = await moving.batch_with(lab.shards, slots[moved % len(slots)])
            with lab.striking(*range(SHARDS)):
                await batch.run(lab.shards)
            moved += 1
            await asyncio.sleep(lab.rng.uniform(0.0, 0.3))
        over.set()
    lab.note = f"{moved} times 100 slots were moved"


async def reshard(lab: Cluster, end: float) -> None:
    """Let redis-cli move slots away from the shard of sessions, a thousand and again a thousand:
    that slot and the one of `general` are among them.
    """
    here = sharded(lab)
    await asyncio.sleep(min(2.0, lab.plan.seconds / 5))
    home = await here.home()
    masters = await here.shards.masters()
    with here.striking(*range(SHARDS)) as strike:
        for number in range(2):
            await moving.reshard(masters[home], masters[(home + 1 + number) % SHARDS], 1000)
    lab.note = f"2 × 1000 slots were moved in {strike.end - strike.start:.1f} s"


async def move_half(lab: Cluster, end: float) -> None:
    """Move half of a room, and leave it at that for a while: it is away, and comes back whole."""
    here, notes = sharded(lab), list[str]()
    for room in lab.rng.sample(ROOMS, len(ROOMS)):
        await asyncio.sleep(1.0)
        [shard] = await here.shards.shards_of([slot_of(room)])
        with here.striking(shard):
            batch = await moving.half_move(here.shards, slot_of(room))
            begun = time.monotonic()
            await asyncio.sleep(HALF)
            _is_away(here, room, begun, time.monotonic())
            if found := await batch.doubled():
                text = f"keys were written at a master that had given them away: {found}"
                lab.found.append(Violation(Kind.SESSION, text))
            if not await _is_fixed(here, batch):
                notes.append(f"{room} was written before redis-cli had fixed it")
        lab.back.append(time.monotonic())
        lab.note = ", ".join(notes)
        if time.monotonic() + HALF + 3 > end:
            return


async def _is_fixed(lab: ShardedCluster, batch: Batch) -> bool:
    """Have redis-cli fix a slot; say whether it could.

    It lets a master serve the slot before that has all keys again. If a node comes in between, keys
    are at both, and redis-cli gives up. Then an operator has to choose one of them.
    """
    try:
        await moving.fix(batch.source)
    except AssertionError as error:
        if "Checking key values" not in str(error):
            raise
        await batch.leave(lab.shards)
        return False
    return True


def _is_away(lab: ShardedCluster, room: str, begun: float, over: float) -> None:
    """See that a room whose keys are at two masters takes nothing, and says so."""
    texts = []
    # A call may have been done just before, and its reply be under way.
    span = [event for event in lab.record.events if begun + 0.5 < event.at < over]
    if taken := sum(isinstance(event, Acked) and event.room == room for event in span):
        texts.append(f"{taken} messages were acknowledged in {room}, half of which is elsewhere")
    if not any(isinstance(event, Refused) and event.code == "unavailable" for event in span):
        texts.append(f"nobody was told that {room} is away, half of which is elsewhere")
    lab.found += [Violation(Kind.SESSION, text) for text in texts]


async def move_some(lab: Cluster) -> None:
    """Move a room and the slots around it, or the slot of sessions."""
    here = sharded(lab)
    slot = lab.rng.choice([CONTROL, *map(slot_of, ROOMS)])
    with here.striking(*range(SHARDS)):
        batch = await moving.batch_with(here.shards, slot)
        await batch.run(here.shards)
