"""Compares what this node has of each log with what there is.

The last entry of a quiet room has no successor that would reveal its loss.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from node.brokers import decode_upkeep
from node.brokers.calls import READ_WITHIN, ScriptCaller
from node.brokers.lanes import UPKEEP
from node.core.entries import Position
from node.core.interfaces import BrokerEvents
from node.core.model import Refused

TOPS = 250
"""Logs compared in one call, at five commands each."""


class HeadPoll:
    """Asks Redis for the newest position of each log, and tells the core of those that differ."""

    def __init__(
        self, call: ScriptCaller, sink: Callable[[], BrokerEvents], clock: Callable[[], float]
    ) -> None:
        self._call = call
        self._sink = sink
        self._clock = clock
        self._fewer: set[str] = set()

    def compare(self) -> None:
        """Compare all logs that are followed."""
        self._ask(list(self._sink().tops()))

    def look_at_inboxes(self) -> None:
        """Look whether there is anything in inboxes that nothing is known of."""
        self._ask([(name, None) for name in self._sink().inboxes()])

    def _ask(self, known: Sequence[tuple[str, Position | None]]) -> None:
        for start in range(0, len(known), TOPS):
            part = known[start : start + TOPS]
            args: list[str | bytes] = []
            for name, position in part:
                args += (name, position.epoch if position is not None else "")
            deadline = self._clock() + READ_WITHIN
            self._call("tops", args, deadline, partial(self._on_tops, part), UPKEEP)

    def _on_tops(self, known: Sequence[tuple[str, Position | None]], found: Any) -> None:
        if isinstance(found, Refused):
            return
        sink = self._sink()
        rows = decode_upkeep.heads(found, len(known))
        for (name, before), (now, members) in zip(known, rows, strict=True):
            self._count(name, members, bool(now.epoch))
            if before is None:
                if now.epoch:
                    sink.differs(name)
            elif before != now and sink.seen(name) == before:
                # What has moved on meanwhile is alive; what has not, missed something.
                sink.differs(name)

    def _count(self, name: str, members: int, exists: bool) -> None:
        """Tell the core of members here that Redis does not have, twice in a row.

        Once, it may be that they have left, and the node has not been told of it yet.
        """
        if exists and members < self._sink().present(name):
            if name in self._fewer:
                self._fewer.discard(name)
                self._sink().absent(name)
            else:
                self._fewer.add(name)
        else:
            self._fewer.discard(name)
