"""What is claimed while a shard of rooms is away: the nick of somebody who quit, a session."""

import asyncio
import contextlib
import time
from itertools import count

from tests.labs.faults import visitors
from tests.labs.faults.chatter import Chatter
from tests.labs.faults.cluster import START_WITHIN
from tests.labs.faults.record import Welcomed
from tests.labs.faults.sharded import ShardedCluster
from tests.labs.faults.verdict import Kind, Violation
from tests.support.lab import key
from tests.support.talker import Talker

ANSWERED_WITHIN = 8.0
"""Seconds in which a hello is answered, even by a node that cannot reach a shard."""
SAID_WITHIN = 2.0


async def inherit(lab: ShardedCluster, quitter: Chatter) -> float:
    """Let somebody quit, and a stranger try for the nick until it is to be had; return when."""
    quitter.quit()
    while True:
        number, since = lab.number(), time.monotonic()
        address = lab.rng.choice(lab.addresses)
        await visitors.rival(number, quitter.nick, address, lab.record)
        for event in reversed(lab.record.events):
            if event.at < since:
                break
            if isinstance(event, Welcomed) and event.session == number:
                return event.at
        await asyncio.sleep(0.05)


class Claim:
    """A session that goes on at a node which cannot reach the shard of its room.

    Its former node is deaf, so that nothing but the room's seat keeps the former connection from
    speaking: until the new one is welcome it may, from then on it may not.
    """

    def __init__(self, lab: ShardedCluster, old: Talker, node: int, room: str) -> None:
        self._lab = lab
        self._old = old
        self._node = node
        self._room = room
        self._key = key()
        self._attempts = count(1)
        self._position = ""

    async def begin(self) -> None:
        """Begin the session in the room."""
        nick = f"mover{self._lab.number()}"
        hello = {"key": self._key, "attempt": next(self._attempts), "rooms": [self._room]}
        await self._old.hello(nick, **hello)
        self._position = (await self._old.expect("joined", room=self._room))["position"]

    async def go_on(self, when: str) -> bool:
        """Try once to go on; return whether that worked. Then the former connection speaks."""
        async with await Talker.connect(self._lab.addresses[self._node]) as new:
            new.send(
                "hello",
                nick="",
                key=self._key,
                attempt=next(self._attempts),
                rooms=[self._room],
                positions={self._room: self._position},
            )
            with contextlib.suppress(AssertionError):
                answer = await new.expect_any("welcome", "error", "bye", within=ANSWERED_WITHIN)
                if answer["type"] == "welcome":
                    await self._speak(when)
                    new.abort()
                    return True
        return False

    async def until_gone_on(self) -> None:
        """Go on as soon as that works."""
        async with asyncio.timeout(START_WITHIN):
            while not await self.go_on("at last"):
                await asyncio.sleep(0.2)

    async def _speak(self, when: str) -> None:
        """Let the former connection say something. The checker tells as well if that is kept."""
        id = f"of long ago {self._lab.number()}"
        self._old.send("send", room=self._room, text=id, id=id)
        with contextlib.suppress(AssertionError):
            await self._old.expect("ack", within=SAID_WITHIN, id=id)
            text = (
                f"a session went on {when}, and its former connection could speak in {self._room}"
            )
            self._lab.found.append(Violation(Kind.SESSION, text))
