"""Nodes that die, or stop for long, between two steps of what they do for a client.

An operation is decided in the slot of sessions, and settled in each room. A trap in the node's way
sees the call that is to settle it, by the nick in it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.labs.faults import visitors
from tests.labs.faults.acts import some_node
from tests.labs.faults.chatter import Chatter
from tests.labs.faults.cluster import LATE, LEASE, START_WITHIN, Cluster
from tests.labs.faults.proxy import Pair
from tests.labs.faults.record import Delivered, Welcomed
from tests.labs.faults.verdict import Kind, Violation
from tests.support.lab import key
from tests.support.talker import Talker

SETTLING = b"}:gone"
"""What a call that settles something in a room names, and next to no other."""
MOST = 3
"""Calls with which somebody with three rooms is settled, at most: one for each shard."""
CAUGHT_WITHIN = 3.0
AFTERWARDS = 15.0
"""Seconds that a scenario takes besides: a node that stops for 70 s takes 85 s."""
MOVED_AFTER = 1.0
"""Seconds after which those whose node is stopped go away, from where they went on."""
FREE_WITHIN = 5.0
PARLOUR = "parlour"


class Snare:
    """Waits for the n-th call that settles something for a nick, and strikes the node then."""

    def __init__(self, nicks: list[str], turn: int, held: bool, strike: Callable[[], None]) -> None:
        self.sprung = False
        self.caught: list[tuple[Pair, bytes]] = []
        self._nicks = [nick.encode() for nick in nicks]
        self._left = turn
        self._held = held
        self._strike = strike

    def __call__(self, pair: Pair, data: bytes) -> bool:
        """Take what the node says; say whether it is held back."""
        if self.sprung or SETTLING not in data or not any(nick in data for nick in self._nicks):
            return False
        self._left -= 1
        if self._left:
            return False
        self.sprung = True
        self._strike()
        if self._held:
            self.caught.append((pair, data))
        return self._held


class Doomed(NamedTuple):
    """A client whose node was killed while it did something, and when."""

    chatter: Chatter
    what: str
    killed: float


async def kill_between(lab: Cluster) -> Doomed:
    """Kill a node after it has decided something, and before it has settled all or some of it."""
    number = some_node(lab)
    async with lab.busy[number]:
        lab.faults += 1
        what = lab.rng.choice(("hello", "quit", "quit", "rename"))
        guest = lab.add_chatter(number, "doomed")
        if what != "hello":
            await lab.until(lambda: lab.is_in(guest), START_WITHIN)
        node = lab.nodes[guest.node]
        turn, held = lab.rng.randrange(1, MOST + 1), lab.rng.random() < 0.5
        snare = Snare([guest.nick], turn, held, lambda: node.signal(9))
        way = lab.proxies[guest.node]
        way.trap = snare
        if what == "quit":
            guest.quit()
        elif what == "rename":
            guest.rename(f"renamed{guest.number}")
        await lab.until(lambda: snare.sprung, CAUGHT_WITHIN)
        await node.kill()
        killed, way.trap = time.monotonic(), None
        await asyncio.sleep(lab.rng.uniform(0.1, 2.0))
        await lab.restart_node(lab.nodes.index(node))
    return Doomed(guest, what, killed)


async def kill_in_between(lab: Cluster, end: float) -> None:
    """Do it again and again; who quit has to be seen to leave, and the nick has to be free then."""
    doomed: list[Doomed] = []
    within = LEASE + lab.plan.grace + LATE
    while True:
        await asyncio.sleep(min(1.0, lab.plan.seconds / 10))
        doomed.append(await kill_between(lab))
        if time.monotonic() + within + 5.0 > end:
            break
    gone = [one for one in doomed if one.what == "quit"]
    nicks = {one.chatter.nick for one in gone}
    left: dict[str, float] = {}

    def all_have_left() -> bool:
        left.clear()
        left.update(_left(lab, nicks))
        return len(left) == len(nicks)

    await lab.until(all_have_left, within)
    for one in gone:
        if left.get(one.chatter.nick, time.monotonic()) > one.killed + within:
            text = f"{one.chatter.nick} was not seen to leave within {within:.0f} s"
            lab.found.append(Violation(Kind.PRESENCE, text))
        elif not await _is_free(lab, one.chatter.nick):
            text = f"{one.chatter.nick} has left, and nobody else can have that nick"
            lab.found.append(Violation(Kind.NICK, text))
    whats = [one.what for one in doomed]
    lab.note = ", ".join(f"{whats.count(what)} × {what}" for what in sorted(set(whats)))


def _left(lab: Cluster, nicks: set[str]) -> dict[str, float]:
    """Return when each of some nicks was seen to leave for the first time."""
    found: dict[str, float] = {}
    for event in lab.record.events:
        if isinstance(event, Delivered) and event.kind == "left" and event.nick in nicks:
            found.setdefault(event.nick, event.at)
    return found


async def _is_free(lab: Cluster, nick: str) -> bool:
    """Say whether a stranger gets a nick, soon."""
    end = time.monotonic() + FREE_WITHIN
    while time.monotonic() < end:
        number, since = lab.number(), time.monotonic()
        await visitors.rival(number, nick, lab.rng.choice(lab.addresses), lab.record)
        for event in reversed(lab.record.events):
            if event.at < since:
                break
            if isinstance(event, Welcomed) and event.session == number:
                return True
        await asyncio.sleep(0.1)
    return False


async def stop_in_between(lab: Cluster, end: float) -> None:
    """Stop a node in the middle of joins, for so long that all have gone on elsewhere and away.

    A call that it had sent arrives only then, and it repeats others when it goes on: none of them
    may seat anybody.
    """
    await asyncio.sleep(1.0)
    number, secret = some_node(lab), key()
    other = lab.addresses[(number + 1) % 3]
    lab.vaults.add(PARLOUR)
    async with (
        lab.busy[number],
        await Talker.connect(other) as host,
        await Talker.connect(lab.addresses[number]) as old,
    ):
        await host.hello(f"host{lab.number()}", rooms=[PARLOUR])
        joiner = f"joiner{lab.number()}"
        await old.hello(joiner, key=secret, attempt=1, rooms=[])
        guests = [lab.add_chatter(number, "sleeper") for _ in range(3)]
        node, way = lab.nodes[number], lab.proxies[number]
        snare = Snare([joiner, *(guest.nick for guest in guests)], 1, True, node.pause)
        way.trap = snare
        old.send("join", room=PARLOUR)
        lab.faults += 1
        await lab.until(lambda: snare.sprung, CAUGHT_WITHIN)
        stopped, way.trap = time.monotonic(), None
        node.pause()
        await _go_on_elsewhere(lab, other, guests, secret)
        await asyncio.sleep(max(0.0, end - AFTERWARDS / 2 - time.monotonic()))
        for pair, data in snare.caught:
            pair.deliver(data)
        await asyncio.sleep(0.5)
        node.resume()
        way.mend()
        lab.note = f"a call was held back for {time.monotonic() - stopped:.0f} s: {snare.sprung}"
        await asyncio.sleep(max(LATE, end - time.monotonic()))
        _look(lab, host, joiner, await host.ask("members", room=PARLOUR))
        await host.ask("quit", "bye")


async def _go_on_elsewhere(
    lab: Cluster, address: tuple[str, int], guests: list[Chatter], secret: str
) -> None:
    """Let those whose node is stopped go on at other ones, and quit there."""
    async with await Talker.connect(address) as new:
        async with asyncio.timeout(START_WITHIN):
            while (await new.ask("hello", nick="", key=secret, attempt=2))["type"] != "welcome":
                await asyncio.sleep(0.5)
        await asyncio.sleep(MOVED_AFTER)
        await lab.until(lambda: all(map(lab.is_in, guests)), START_WITHIN)
        for guest in guests:
            guest.quit()
        await new.ask("quit", "bye")


def _look(lab: Cluster, host: Talker, joiner: str, listed: dict[str, object]) -> None:
    """See that nobody was seated who had gone away."""
    seen = [event["type"] for event in host.seen("entered", "left", nick=joiner)]
    if seen not in ([], ["entered", "left"]):
        text = f"{joiner} was seen to do {seen} in {PARLOUR}"
        lab.found.append(Violation(Kind.PRESENCE, text))
    if joiner in str(listed):
        text = f"{joiner} has gone away, and is listed: {listed}"
        lab.found.append(Violation(Kind.PRESENCE, text))
