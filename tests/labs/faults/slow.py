"""A client that does not read while its room is full of talk."""

import asyncio
import time
from pathlib import Path

from tests.labs.faults.chatter import Chatter
from tests.labs.faults.cluster import START_WITHIN, TURN, Cluster
from tests.labs.faults.verdict import Kind, Violation

FLOOD, SHORT_FLOOD = 2000.0, 500.0
"""Messages a second."""
TEXT = 300
"""Bytes of a message: what is not read is more than the system's buffers hold."""
MOST_GROWTH = 4.0
"""Megabytes by which the node may grow."""
MOST_UNDER_WAY = 2000


async def flood(lab: Cluster, end: float) -> None:
    """Fill a room twice: while a client reads, as a control, and while it does not."""
    reader = lab.add_chatter(0, "reader", "flood")
    reader.narrow = True
    senders = [lab.add_chatter(number, "sender", "flood") for number in (1, 2)]
    await lab.until(lambda: all(map(lab.is_in, (reader, *senders))), START_WITHIN)
    assert reader.node == 0
    seconds = (end - time.monotonic()) / 2
    reading = await _grown_by(lab, senders, seconds)
    lab.faults += 1
    reader.reading.clear()
    hanging = await _grown_by(lab, senders, seconds)
    reader.reading.set()
    lab.note = f"the node grew by {reading:.1f} MB with a reader, then by {hanging:.1f} without"
    lab.found += judged(hanging)


def judged(megabytes: float) -> list[Violation]:
    """Say what is wrong with a node that grew by so much."""
    if megabytes < MOST_GROWTH:
        return []
    return [Violation(Kind.MEMORY, f"a node grew by {megabytes:.1f} MB for one slow reader")]


async def _grown_by(lab: Cluster, senders: list[Chatter], seconds: float) -> float:
    """Fill the room for some seconds; return by how many megabytes its node grew at most."""
    status = Path(f"/proc/{lab.nodes[0].pid}/statm")
    rate = FLOOD if lab.plan.rate >= 100 else SHORT_FLOOD
    start = due = looked = time.monotonic()
    before = most = _pages(status)
    while (now := time.monotonic()) < start + seconds:
        while due < now:
            due += len(senders) / rate
            for sender in senders:
                if len(sender.outbox) < MOST_UNDER_WAY:
                    sender.say("flood", TEXT)
        if now - looked > 0.25:
            looked, most = now, max(most, _pages(status))
        await asyncio.sleep(TURN)
    return (most - before) * 4096 / 1e6


def _pages(status: Path) -> int:
    return int(status.read_text().split()[1])
