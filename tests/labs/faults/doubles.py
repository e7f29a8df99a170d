"""A session that went on elsewhere while its node hung: the node must not speak for it any more."""

import asyncio
import time

from tests.labs.faults.acts import some_node
from tests.labs.faults.cluster import Cluster
from tests.labs.faults.record import Acked, Sent
from tests.labs.faults.verdict import Kind, Violation
from tests.support.lab import key
from tests.support.talker import Talker

ROOM = "doubles"
END_WITHIN = 15.0
"""Seconds for a node that continues to say good-bye to a session that has moved."""


async def hang_node(lab: Cluster, seconds: float) -> None:
    """SIGSTOP, and SIGCONT later, with a client that has gone on and not closed its connection.

    What it says there is not recorded as sent, so the checker tells if it is kept.
    """
    number = some_node(lab)
    lab.vaults.add(ROOM)
    async with lab.busy[number]:
        async with await Talker.connect(lab.addresses[number]) as old:
            async with await Talker.connect(lab.addresses[(number + 1) % 3]) as new:
                session = {"key": key(), "rooms": [ROOM]}
                await old.hello(f"double{lab.number()}", **session, attempt=1)
                lab.faults += 1
                lab.nodes[number].pause()
                await new.hello("", **session, attempt=2)
                old.send("send", room=ROOM, text="of long ago", id="of long ago")
                old.send("nick", nick="stolen")
                await _say(lab, new)
                await asyncio.sleep(seconds)
                lab.nodes[number].resume()
                if not await lab.until(lambda: old.ended, END_WITHIN):
                    lab.found.append(Violation(Kind.SESSION, "a session moved, and was not told"))
                for event in old.seen("ack", "renamed"):
                    lab.found.append(Violation(Kind.SESSION, f"a session moved, and got {event}"))
                await _say(lab, new)
                await new.ask("quit", "bye")


async def _say(lab: Cluster, talker: Talker) -> None:
    session = lab.number()
    id = f"{session}-1"
    lab.record.add(Sent(time.monotonic(), session, session, ROOM, id))
    ack = await talker.say(ROOM, id, id)
    lab.record.add(Acked(time.monotonic(), session, ROOM, id, ack["position"]))
