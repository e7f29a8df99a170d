"""Nodes that are told to end while something else hangs: the end must wait for nothing of it.

A log pipe that nobody reads any more; a name server that does not answer.
"""

import array
import asyncio
import contextlib
import fcntl
import os
import termios
import time

from tests.labs.faults.cluster import Cluster
from tests.labs.faults.shim import Shim
from tests.labs.faults.verdict import Kind, Violation
from tests.support.node_process import NodeProcess
from tests.support.talker import Talker

DRAIN, MORE = 1.0, 5.0
"""Seconds: as of the laboratory's nodes, and what SIGTERM may take beyond that."""
AT_ONCE = 2.0
"""Seconds that a second SIGTERM may take: above what an interpreter needs on a busy machine."""
FULL = 60_000
"""Bytes in a pipe of 64 KiB that leave no room for many more lines."""
FILL_WITHIN = 30.0
ANSWER_WITHIN = 5.0
"""Seconds in which a node that writes to a full pipe has to answer: clients give up then."""


class Piped(NodeProcess):
    """A node that logs into a pipe, of which nobody reads anything."""

    unread = -1

    async def _spawn(self) -> None:
        self.unread, end = os.pipe()
        try:
            await self._spawn_with(end)
        finally:
            os.close(end)

    def waiting(self) -> int:
        """Return how many bytes of its log nobody has read."""
        found = array.array("i", [0])
        fcntl.ioctl(self.unread, termios.FIONREAD, found)
        return found[0]

    async def wait(self, within: float = 10.0) -> int:
        """Return its exit status once it has ended."""
        status = await super().wait(within)
        if self.unread >= 0:
            os.close(self.unread)
            self.unread = -1
        return status


class PipeCluster(Cluster):
    """A cluster whose first node logs into a pipe."""

    def make_node(self, number: int) -> type[NodeProcess]:
        """Return how a node is run."""
        return NodeProcess if number else Piped


async def stall_log(lab: Cluster, end: float) -> None:
    """Let a node fill the pipe that its log goes to; it has to serve, and to end when it is told.

    Each connection is a line or two of its log.
    """
    while True:
        node = lab.nodes[0]
        assert isinstance(node, Piped)
        lab.faults += 1
        full = time.monotonic() + FILL_WITHIN
        while node.waiting() < FULL and time.monotonic() < full:
            await asyncio.gather(*[_knock(lab) for _ in range(20)])
        # What is written now finds no room.
        for _ in range(10):
            await asyncio.gather(*[_knock(lab) for _ in range(20)])
        await _answers(lab)
        await _ends(lab, 0, "its log pipe is full")
        await lab.restart_node(0)
        if time.monotonic() + 10 > end:
            return


async def _knock(lab: Cluster) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_WITHIN):
            _, writer = await asyncio.open_connection(*lab.addresses[0])
            writer.transport.abort()


async def _answers(lab: Cluster) -> None:
    """See that the first node serves a newcomer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            async with await Talker.connect(lab.addresses[0]) as talker:
                await talker.hello(f"knocker{lab.number()}", rooms=[])
                await talker.ask("quit", "bye")
    except (OSError, TimeoutError, AssertionError):
        lab.found.append(Violation(Kind.SESSION, "a node whose log pipe is full serves nobody"))


async def _ends(lab: Cluster, number: int, why: str, again: float = 0.0) -> None:
    """SIGTERM, and a second one so many seconds later, and see that the node ends in time.

    It is gone afterwards in any case.
    """
    node, within = lab.nodes[number], DRAIN + MORE
    node.terminate()
    if again:
        await asyncio.sleep(again)
        node.terminate()
        within = AT_ONCE
    try:
        await node.wait(within)
    except AssertionError:
        text = f"{'a second' if again else 'a'} SIGTERM did not end a node in {within} s: {why}"
        lab.found.append(Violation(Kind.SESSION, text))
        await node.kill()


class NamesCluster(Cluster):
    """A cluster whose nodes know Redis by a name."""

    async def start_broker(self) -> None:
        """Start Redis, and make its name known."""
        self.shim = Shim(self.directory)
        await self.shim.build()
        await super().start_broker()

    def url(self, number: int) -> str:
        """Return the broker's address for a node."""
        return f"redis://{Shim.NAME}:{self.proxies[number].port}/0"

    def variables(self, number: int) -> dict[str, str]:
        """Return what a node finds in its environment."""
        return self.shim.variables


async def dead_names(lab: Cluster, end: float) -> None:
    """Let the name server be dead: a node that has lost Redis, and one that just starts, have to
    end when they are told, and to find Redis when the name server lives again.
    """
    assert isinstance(lab, NamesCluster)
    # The second one while the node drains, or when that ought to be over.
    for again in (0.0, 0.3, DRAIN + 1.0):
        await asyncio.sleep(min(2.0, lab.plan.seconds / 8))
        lab.faults += 1
        lab.shim.answer_names(False)
        lab.proxies[0].cut()
        await asyncio.sleep(min(2.0, lab.plan.seconds / 8))
        await _ends(lab, 0, "it looks up a name", again)
        await lab.restart_node(0)
        await asyncio.sleep(1.0)
        await _ends(lab, 0, "it looked up a name when it started", again)
        await lab.restart_node(0)
        lab.shim.answer_names(True)
