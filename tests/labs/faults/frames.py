"""What comes on one connection to Redis and not on another: acknowledged, and not yet heard of."""

import asyncio
import time

from tests.labs.faults import acts
from tests.labs.faults.cluster import START_WITHIN, Cluster
from tests.labs.faults.verdict import Kind, Violation
from tests.support.lab import key
from tests.support.talker import Talker

AHEAD = 0.7
"""Seconds for which nothing comes on the subscriptions: less than it takes to notice that."""
COMES_WITHIN = 15.0


async def acknowledged_before_frames(lab: Cluster, end: float) -> None:
    """Hold frames up, let messages and a direct be acknowledged, let somebody in, and let Redis
    forget all of it.

    All nodes live on, so nothing may be missing that any of them has told a client.
    """
    async with (
        await Talker.connect(lab.addresses[0]) as author,
        await Talker.connect(lab.addresses[1]) as reader,
    ):
        # In no room: the checker knows nobody there but chatters.
        await author.hello(f"author{lab.number()}", key=key(), attempt=1, rooms=[])
        nick = f"reader{lab.number()}"
        await reader.hello(nick, key=key(), attempt=1, rooms=[])
        await asyncio.sleep(1.0)
        early = 0
        while True:
            early += await _once(lab, author, reader, nick)
            lab.note = f"{early} newcomers were welcomed early"
            if time.monotonic() + 4.0 > end:
                return
            await asyncio.sleep(2.0)


async def _once(lab: Cluster, author: Talker, reader: Talker, nick: str) -> bool:
    """Do it once; return whether a newcomer was let in before Redis forgot it."""
    async with lab.redis_busy:
        await acts.command(lab, "SAVE")
        for proxy in lab.proxies:
            proxy.deaf = True
        lab.faults += 1
        id = f"direct{lab.number()}"
        author.send("direct", to=nick, text=id, id=id)
        ack = await author.expect_any("ack", "error", id=id)
        await asyncio.sleep(AHEAD)
        # Last: a node reads the log of a room, with its next tick, if a newcomer waits for a frame.
        newcomer = lab.add_chatter(lab.rng.randrange(100), "early")
        is_early = await lab.until(lambda: lab.is_in(newcomer), AHEAD)
        await lab.redis.kill()
        for proxy in lab.proxies:
            proxy.mend()
        await lab.redis.start()
        lab.back.append(time.monotonic())
    if ack["type"] == "ack":
        if not await lab.until(lambda: bool(reader.seen("direct", text=id)), COMES_WITHIN):
            text = f"a direct was acknowledged before its frame came, and is gone: {ack}"
            lab.found.append(Violation(Kind.LOST, text))
    return is_early


LEAVES_WITHIN = 8.0 + 5.0
"""Seconds beyond the grace period in which it is told that somebody was lost with a node: a lease,
and what protocol.md adds."""
EVERY = 2.0
"""Seconds between two replies that a node loses."""


async def flaky(lab: Cluster, end: float) -> None:
    """Let all nodes lose replies all the time, and kill one that has guests: they must leave."""
    breaking = asyncio.create_task(_lose_replies(lab))
    try:
        # For longer than a lease, so that all that waits for one after a loss begins to wait.
        await asyncio.sleep(10.0)
        guests = [lab.add_chatter(2, "doomed") for _ in range(3)]
        await lab.until(lambda: all(map(lab.is_in, guests)), START_WITHIN)
        async with lab.busy[2]:
            lab.faults += 1
            for guest in guests:
                guest.vanish()
            await lab.nodes[2].kill()
            killed, nicks = time.monotonic(), {guest.nick for guest in guests}
            within = lab.plan.grace + LEAVES_WITHIN
            if not await lab.until(lambda: _told(lab, nicks), within):
                text = f"who was lost with a node has not left after {within:.0f} s"
                lab.found.append(Violation(Kind.PRESENCE, text))
            lab.note = f"`left` came after {time.monotonic() - killed:.1f} s"
            await lab.restart_node(2)
        await asyncio.sleep(max(0.0, end - time.monotonic()))
    finally:
        breaking.cancel()


def _told(lab: Cluster, nicks: set[str]) -> bool:
    return any(nicks <= chatter.left for chatter in lab.staying)


async def _lose_replies(lab: Cluster) -> None:
    while True:
        for proxy in lab.proxies:
            await asyncio.sleep(EVERY / len(lab.proxies))
            lab.faults += 1
            proxy.drop_replies(1)
