"""Compares what this node has of each log with the newest entry in Redis.

The last entry of a quiet room has no successor that would reveal that it was missed.
"""

from collections.abc import Sequence
from functools import partial

from node.brokers import decode_upkeep
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.lanes import HEADS
from node.core.entries import Position
from node.core.model import Failure


class HeadPoll:
    """Asks Redis for the newest position of each log, and tells the core which ones differ."""

    def __init__(self, context: BrokerContext) -> None:
        self._context = context
        self._fewer: set[str] = set()
        self._inboxes_due = False

    def compare(self) -> None:
        """Compare all logs that this node follows."""
        self._ask(list(self._context.events.heads()))
        if self._inboxes_due:
            self.compare_inboxes()

    def compare_inboxes(self) -> None:
        """Find inboxes with entries among those that this node does not follow yet."""
        self._inboxes_due = False
        self._ask([(name, None) for name in self._context.events.inboxes()])

    def _ask(self, known: Sequence[tuple[str, Position | None]]) -> None:
        deadline = self._context.clock() + READ_WITHIN
        for name, position in known:
            args = [name, position.epoch if position is not None else ""]
            reply, parse = partial(self._on_head, name, position), decode_upkeep.head
            self._context.call("top", args, deadline, reply, parse, HEADS, log=name)

    def _on_head(
        self, name: str, before: Position | None, found: tuple[Position, int] | Failure
    ) -> None:
        if isinstance(found, Failure):
            # Followed logs are compared again anyway; an inbox would not be.
            self._inboxes_due |= before is None
            return
        events = self._context.events
        now, members = found
        self._count(name, members, bool(now.epoch))
        if before is None:
            if now.epoch:
                events.differs(name)
        elif before != now and events.seen(name) == before:
            # A log that has moved on meanwhile is alive; one that has not, missed something.
            events.differs(name)

    def _count(self, name: str, members: int, exists: bool) -> None:
        """Tell the core of members here that Redis does not have, twice in a row.

        Seen once, they may have left, and this node has not been told yet.
        """
        events = self._context.events
        if exists and members < events.present(name):
            if name in self._fewer:
                self._fewer.discard(name)
                events.absent(name)
            else:
                self._fewer.add(name)
        else:
            self._fewer.discard(name)
