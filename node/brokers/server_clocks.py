"""Compares the clocks of the servers of a cluster: sessions have times of one, rooms of another."""

from functools import partial

from node.brokers import keys
from node.brokers.calls import READ_WITHIN, SimpleCall
from node.brokers.context import BrokerContext
from node.brokers.lanes import UPKEEP
from node.brokers.malformed import ProblemLog
from node.brokers.slot_map import SEED, SlotMap
from node.core.model import Failure

APART = 60.0
"""Seconds by which the clocks of two servers may differ."""


class ServerClocks:
    """Asks each server for its time, about every ten seconds.

    By how much clocks differ is known as exactly as calls are fast: that will do.
    """

    def __init__(self, context: BrokerContext, slots: SlotMap, problems: ProblemLog) -> None:
        self._context = context
        self._slots = slots
        self._problems = problems
        self._ahead: dict[int, float] = {}
        """By how many seconds the clock of each server is ahead of the node's own."""

    def look(self) -> None:
        """Ask all servers that keep slots."""
        slots, context = self._slots, self._context
        tags = {
            number: slots.tag(number) for number in range(len(context.shards.all)) if number != SEED
        }
        # What was told earlier is not compared: this machine may have slept since.
        self._ahead = {}
        deadline = context.clock() + READ_WITHIN
        for number, tag in tags.items():
            if tag is not None:
                told, declared = partial(self._told, number), (keys.never(tag),)
                context.shards.call(
                    SimpleCall("time", [], deadline, told, UPKEEP, parse=int, declared=declared)
                )

    def _told(self, number: int, found: int | Failure) -> None:
        if isinstance(found, Failure):
            return
        self._ahead[number] = found / 1000 - self._context.clock()
        ahead, shards = self._ahead, self._context.shards.all
        first, last = min(ahead, key=ahead.__getitem__), max(ahead, key=ahead.__getitem__)
        apart = ahead[last] - ahead[first]
        self._context.counts.compared(apart)
        if apart > APART:
            names = shards[last].counts.name, shards[first].counts.name
            text = "the clock of the server %s is %s s ahead of that of %s: see to both"
            self._problems.log("clocks", text, names[0], round(apart), names[1])
