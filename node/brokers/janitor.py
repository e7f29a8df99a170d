"""Settles departures that nobody has settled, and deletes the data of rooms that have ended.

Each node does that for all of them: the node that should have done it may have died.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Departure, Outs, Settled
from node.brokers.lanes import UPKEEP
from node.brokers.settler import Settler
from node.core.model import Failure

WAIT_MS = 2000
"""Milliseconds for which the node that began something is left to finish it."""
LISTED = 100
"""Sessions and rooms that one call lists."""
SAME = 3
"""How often the same may be found once more: the script that forgets it may have to be loaded."""


class Janitor:
    """Looks for departures about once a second."""

    def __init__(self, context: BrokerContext, settler: Settler) -> None:
        self._context = context
        self._settler = settler
        self._wait_ms = 0
        self._left = 0
        self._more = False
        self._stuck = 0
        """Sessions and rooms that could not be told now, and so are passed over."""
        self._found: tuple[Any, Any] | None = None
        """What this search has found last, and how often it has found the same once more."""
        self._same = 0
        self._again: int | None = None
        """For how many ms what is settled right after this has been waiting; None: nothing is."""

    def look(self) -> None:
        """Settle what has been waiting for too long, unless that is under way."""
        if not self._left:
            self.settle(WAIT_MS)

    def settle(self, wait_ms: int = 0) -> None:
        """Settle what has been waiting for so long; what is under way comes first."""
        if self._left:
            self._again = wait_ms
            return
        self._wait_ms, self._stuck, self._again = wait_ms, 0, None
        self._found, self._same = None, 0
        self._list()

    def _list(self) -> None:
        self._left = 1
        deadline = self._context.clock() + READ_WITHIN
        args = [self._wait_ms, LISTED, self._stuck]
        self._context.call("outs", args, deadline, self._on_outs, decode_seats.outs, UPKEEP)

    def _on_outs(self, found: Outs | Failure) -> None:
        if isinstance(found, Failure):
            found = Outs([], [], more=False)
        else:
            self._context.counts.waiting(found.waiting, found.oldest_ms / 1000)
        departures, drops, self._more, *_ = found
        # Something keeps Redis from forgetting what is settled: that would be listed for ever.
        self._same = self._same + 1 if (departures, drops) == self._found else 0
        again, self._found = self._same > SAME, (departures, drops)
        self._left += len(drops) + bool(departures)
        if departures:
            deadline = self._context.clock() + READ_WITHIN
            done = partial(self._departed, departures, again)
            self._settler.depart(departures, deadline, done)
        for room, birth, mark in drops:
            self._drop(room, birth, mark, again)
        self._one_less(0)

    def _departed(
        self, departures: Sequence[Departure], again: bool, settled: list[Settled | None]
    ) -> None:
        pairs = zip(departures, settled, strict=True)
        self._one_less(len({one.session for one, said in pairs if again or said is None}))

    def _drop(self, room: str, birth: bytes, mark: bytes, again: bool) -> None:
        def dropped(found: bool | Failure) -> None:
            if found is True:
                self._settler.dropped([mark])
            self._one_less(int(again or found is not True))

        self._settler.drop(room, birth, dropped)

    def _one_less(self, stuck: int) -> None:
        self._left -= 1
        self._stuck += stuck
        if self._left:
            return
        if self._again is not None:
            self.settle(self._again)
        elif self._more:
            self._list()
