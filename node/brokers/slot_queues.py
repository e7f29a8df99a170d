"""Calls that wait because their slot moves from one server of a cluster to another."""

from collections.abc import Callable, Iterable

from node.brokers.calls import Call
from node.brokers.slot_map import slot_of

PAUSE = -1
"""What a slot waits for, in place of the number of a server: some time."""


class SlotQueues:
    """Keeps the order of each slot's calls, whatever makes some of them wait.

    A slot waits while a server may still run older calls of it, and for a moment after one has
    refused it. Until then its calls are here, not at any server.
    """

    def __init__(self, again: Callable[[Call], None]) -> None:
        self._again = again
        self._calls: dict[int, list[Call]] = {}
        self._awaited: dict[int, set[int]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no slot waits."""
        return not self._awaited

    def take(self, call: Call) -> bool:
        """Queue a call if its slot waits; return whether it does."""
        if not self._awaited:
            return False
        queue = self._calls.get(slot_of(call.tag))
        if queue is None:
            return False
        queue.append(call)
        return True

    def wait(self, slot: int, awaited: int) -> None:
        """Keep the calls of a slot from now on, until ``done`` is told the same."""
        self._calls.setdefault(slot, [])
        self._awaited.setdefault(slot, set()).add(awaited)

    def put_before(self, calls: Iterable[Call]) -> None:
        """Queue calls that are older than all that wait for their slots, which do wait."""
        older: dict[int, list[Call]] = {}
        for call in calls:
            older.setdefault(slot_of(call.tag), []).append(call)
        for slot, queue in older.items():
            self._calls[slot][:0] = queue

    def awaiting(self, awaited: int) -> list[int]:
        """Return the slots that wait for something."""
        return [slot for slot, found in self._awaited.items() if awaited in found]

    def done(self, slot: int, awaited: int) -> None:
        """Have the calls of a slot made, unless it waits for something else."""
        found = self._awaited.get(slot, set())
        found.discard(awaited)
        if not found:
            self._awaited.pop(slot, None)
            for call in self._calls.pop(slot, ()):
                self._again(call)

    def expire(self, now: float) -> None:
        """Refuse the calls that are past their deadlines."""
        for queue in list(self._calls.values()):
            for call in list(queue):
                call.expire(now)
