"""Clients that say one thing after the other in one room each, to tell apart whom a fault concerns.

An ordinary client is in rooms of several shards, and waits for all of them when one is away.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import inf

from tests.labs.faults.chatter import AGAIN, Chatter
from tests.labs.faults.cluster import TURN, Cluster
from tests.labs.faults.record import Wait
from tests.labs.faults.verdict import Kind, Violation
from tests.support.talker import Talker

EVERY = 0.1
"""Seconds between two messages of a witness, and between two hellos of newcomers."""
GREETED_WITHIN = 2.0
"""Seconds after which a newcomer that got no answer tries the next node."""
REPLICATED = 1.0
"""Seconds after a fault in which what it brought about is over, once all servers answer again."""


@dataclass
class Strike:
    """A fault of some shards: ``end`` is when they served again as far as servers can tell."""

    shards: frozenset[int]
    start: float
    end: float = inf

    def concerns(self, wait: Wait) -> bool:
        """Say whether somebody waited while it lasted, or just after it."""
        return wait.since < self.end + REPLICATED and wait.until > self.start


@dataclass
class Testimony:
    """What witnesses of some shards had to wait, and newcomers."""

    waits: dict[int, list[Wait]] = field(default_factory=dict)
    hellos: list[Wait] = field(default_factory=list)

    def times(self, strikes: list[Strike]) -> dict[str, float]:
        """Return the longest waits during strikes: in other rooms, in theirs, for hellos."""
        other = own = hello = 0.0
        for strike in strikes:
            for shard, waits in self.waits.items():
                longest = max(_lengths(strike, waits), default=0.0)
                if shard in strike.shards:
                    own = max(own, longest)
                else:
                    other = max(other, longest)
            hello = max(hello, *_lengths(strike, self.hellos), 0.0)
        return {"other rooms": other, "its rooms": own, "hellos": hello}


def _lengths(strike: Strike, waits: list[Wait]) -> Iterator[float]:
    return (wait.until - wait.since for wait in waits if strike.concerns(wait))


async def testify(lab: Cluster, witnesses: list[Chatter]) -> None:
    """Let each witness say something again and again, until there is to be silence."""
    while lab.talking:
        for witness in witnesses:
            if len(witness.outbox) < 100 and not witness.finished:
                witness.say(witness.rooms[0])
        await asyncio.sleep(EVERY)


async def newcomers(lab: Cluster, hellos: list[Wait]) -> None:
    """Let somebody new say hello again and again, in no room, at one node after the other."""
    tries = count()
    while lab.talking:
        since = time.monotonic()
        while lab.talking and not await _greeted(lab, next(tries)):
            await asyncio.sleep(TURN)
        hellos.append(Wait(since, time.monotonic()))
        await asyncio.sleep(EVERY)


async def _greeted(lab: Cluster, number: int) -> bool:
    """Try it once; return whether it was welcome."""
    address = lab.addresses[number % len(lab.addresses)]
    try:
        async with asyncio.timeout(GREETED_WITHIN):
            async with await Talker.connect(address) as talker:
                answer = await talker.ask("hello", nick=f"newcomer{number}", rooms=[])
                if answer["type"] != "welcome":
                    if answer.get("code", "unavailable") not in AGAIN:
                        text = f"a newcomer was refused for good: {answer}"
                        lab.found.append(Violation(Kind.SESSION, text))
                    return False
                talker.send("quit")
                return True
    except (OSError, TimeoutError, AssertionError):
        return False
