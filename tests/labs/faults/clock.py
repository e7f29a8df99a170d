"""A wall clock of Redis that is stepped, while somebody is away and somebody has just gone."""

import asyncio
import time

from tests.labs.faults.cluster import START_WITHIN, Cluster
from tests.labs.faults.record import Sent
from tests.labs.faults.shim import Shim
from tests.labs.faults.verdict import Kind, Violation
from tests.support.lab import key
from tests.support.talker import Talker

ROOM = "clock"
FORWARD, FAR, BACK = 60.0, 400.0, -600.0
"""Seconds: beyond every grace period here; beyond the 5 minutes for which ids are remembered; and
further back than forward."""
AWAY = 4.0
"""Seconds that somebody is away: more than one renewal, less than the grace period."""


class ClockCluster(Cluster):
    """A cluster whose Redis has a clock that can be stepped."""

    async def start_broker(self) -> None:
        """Start Redis with that clock."""
        self.shim = Shim(self.directory)
        await self.shim.build()
        self.redis.variables = self.shim.variables
        await super().start_broker()


async def steps(lab: Cluster, end: float) -> None:
    """Step forward while somebody is away, further before a repeat, and back when somebody went."""
    assert isinstance(lab, ClockCluster)
    lab.vaults.add(ROOM)
    # Until the nodes have been in touch with Redis for a lease nobody's grace period ends at all.
    await asyncio.sleep(9.0)
    session = {"key": key(), "rooms": [ROOM]}
    async with await Talker.connect(lab.addresses[0]) as friend:
        await friend.hello(f"friend{lab.number()}", rooms=[])
        async with await Talker.connect(lab.addresses[1]) as talker:
            nick = (await talker.hello(f"away{lab.number()}", **session, attempt=1))["nick"]
            number = lab.number()
            lab.record.add(Sent(time.monotonic(), number, number, ROOM, "once"))
            first = await talker.say(ROOM, "once", "once")
            talker.abort()
        await asyncio.sleep(0.5)
        await friend.ask("direct", "ack", to=nick, text="while away", id="d1")
    guest = lab.add_chatter(1, "fleeting")
    await lab.until(lambda: lab.is_in(guest), START_WITHIN)
    lab.chatters[0].abort()
    lab.faults += 1
    lab.shim.step(FORWARD)
    await asyncio.sleep(AWAY)
    async with await Talker.connect(lab.addresses[2]) as talker:
        welcome = await talker.hello(nick, **session, attempt=2)
        if not welcome["resumed"]:
            _say(lab, "a session was ended that was away for less than its grace period")
        elif not await lab.until(lambda: bool(talker.seen("direct")), 5.0):
            _say(lab, "a direct that was acknowledged is gone", Kind.LOST)
        lab.faults += 1
        lab.shim.step(FAR)
        await asyncio.sleep(AWAY)
        if (again := await talker.say(ROOM, "once", "once"))["position"] != first["position"]:
            _say(lab, f"a repeat is kept at {again['position']} as well", Kind.DOUBLED)
        await talker.ask("quit", "bye")
    guest.vanish()
    await asyncio.sleep(0.5)
    lab.faults += 1
    lab.shim.step(BACK)


def _say(lab: Cluster, text: str, kind: Kind = Kind.SESSION) -> None:
    lab.found.append(Violation(kind, f"{text}, after the clock was stepped"))
