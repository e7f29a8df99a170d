"""Settles departures that nobody has settled, and deletes the data of rooms that have ended.

Each node does that for all of them: the node that should have done it may have died.
"""

from functools import partial
from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Departure, Settled
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
        self._again: int | None = None
        """For how many ms what is settled right after this has been waiting; None: nothing is."""
        self._found: list[Departure] = []

    def look(self) -> None:
        """Settle what has been waiting for too long, unless that is under way."""
        if not self._left:
            self.settle(WAIT_MS)

    def settle(self, wait_ms: int = 0) -> None:
        """Settle what has been waiting for so long; what is under way comes first."""
        if self._left:
            self._again = wait_ms
            return
        self._left, self._again = 1, None
        deadline, reply = self._context.clock() + READ_WITHIN, partial(self._on_outs, wait_ms)
        self._context.call("outs", [wait_ms, LISTED], deadline, reply, decode_seats.outs, UPKEEP)

    def _on_outs(self, wait_ms: int, found: Any) -> None:
        departures, drops = ([], []) if isinstance(found, Failure) else found
        self._left += len(drops) + bool(departures)
        sessions = {one.session for one in departures}
        # What could not be settled, or is not forgotten, would be listed again at once.
        goes_on = len(drops) + len(sessions) >= LISTED and departures != self._found
        self._found = departures

        def settled(places: list[Settled | None]) -> None:
            if goes_on and None not in places and self._again is None:
                self._again = wait_ms
            self._one_less()

        if departures:
            self._settler.depart(departures, self._context.clock() + READ_WITHIN, settled)
        for room, birth, mark in drops:
            self._drop(room, birth, mark)
        self._one_less()

    def _drop(self, room: str, birth: bytes, mark: bytes) -> None:
        def dropped(found: bool | Failure) -> None:
            if found is True:
                self._settler.dropped([mark])
            self._one_less()

        self._settler.drop(room, birth, dropped)

    def _one_less(self) -> None:
        self._left -= 1
        if not self._left and self._again is not None:
            self.settle(self._again)
