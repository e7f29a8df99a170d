"""Somebody who only listens, in a room where somebody else speaks: is anybody deaf?

A node that appends to a room learns by that what it has missed. One that does not looks every two
seconds whether it has missed something.
"""

import asyncio
import contextlib
import time
from statistics import median

from tests.labs.faults.sharded import ShardedCluster
from tests.labs.faults.verdict import Kind, Violation
from tests.support.talker import Talker

ROOM = "whispers"
EVERY = 0.2
HEARD_WITHIN = 0.5
"""Seconds within which half of the messages have to come: of a node that is deaf, one."""
ENOUGH = 20
"""Messages from which on that can be said."""


async def listen(lab: ShardedCluster, over: asyncio.Event) -> None:
    """Speak at one node and listen at another, until it is over; say if that took long."""
    async with (
        await Talker.connect(lab.addresses[0]) as speaker,
        await Talker.connect(lab.addresses[1]) as listener,
    ):
        await listener.hello(f"listener{lab.number()}", rooms=[ROOM])
        await listener.expect("joined", room=ROOM)
        await speaker.hello(f"whisperer{lab.number()}", rooms=[ROOM])
        await speaker.expect("joined", room=ROOM)
        delays: list[float] = []
        async with asyncio.TaskGroup() as tasks:
            number = 0
            while not over.is_set():
                number += 1
                tasks.create_task(_whisper(speaker, listener, f"whisper {number}", delays))
                await asyncio.sleep(EVERY)
    if len(delays) >= ENOUGH and (half := median(delays)) > HEARD_WITHIN:
        text = f"half of what was said in {ROOM} came after {half:.1f} s: its listener was deaf"
        lab.found.append(Violation(Kind.LATE, text))


async def _whisper(speaker: Talker, listener: Talker, text: str, delays: list[float]) -> None:
    said = time.monotonic()
    speaker.send("send", room=ROOM, text=text, id=text)
    with contextlib.suppress(AssertionError):
        await listener.expect("message", room=ROOM, text=text)
    delays.append(time.monotonic() - said)
