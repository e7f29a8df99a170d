"""Settles departures that nobody has settled, and deletes the data of rooms that have ended.

Each node does that for all of them: the node that should have done it may have died.
"""

from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.lanes import UPKEEP
from node.brokers.settler import Settler
from node.core.model import Failure

WAIT_MS = 2000
"""Milliseconds for which the node that began something is left to finish it."""
LISTED = 100
"""Sessions whose departures one call lists."""


class Janitor:
    """Looks for departures about once a second."""

    def __init__(self, context: BrokerContext, settler: Settler) -> None:
        self._context = context
        self._settler = settler
        self._left = 0

    def look(self) -> None:
        """Settle what has been waiting for too long."""
        self.settle(WAIT_MS)

    def settle(self, wait_ms: int = 0) -> None:
        """Settle what has been waiting for so long, unless that is under way."""
        if self._left:
            return
        self._left = 1
        deadline = self._context.clock() + READ_WITHIN
        args = [wait_ms, LISTED]
        self._context.call("outs", args, deadline, self._on_outs, decode_seats.outs, UPKEEP)

    def _on_outs(self, found: Any) -> None:
        self._left = 0
        if isinstance(found, Failure):
            return
        departures, drops = found
        self._left = len(drops) + bool(departures)
        if departures:
            deadline = self._context.clock() + READ_WITHIN
            self._settler.depart(departures, deadline, lambda settled: self._one_less())
        for room, birth, mark in drops:
            self._drop(room, birth, mark)

    def _drop(self, room: str, birth: bytes, mark: bytes) -> None:
        def dropped(found: bool | Failure) -> None:
            if found is True:
                self._settler.dropped([mark])
            self._one_less()

        self._settler.drop(room, birth, dropped)

    def _one_less(self) -> None:
        self._left -= 1
