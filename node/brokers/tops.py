"""Compares what this node has of each log with what there is.

The last entry of a quiet room has no successor that would reveal its loss.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from node.brokers.lanes import UPKEEP
from node.brokers.lease import READ_WITHIN, Caller
from node.core.ports import Position, Refused, Sink

TOPS = 500
"""Logs compared in one call."""


class Tops:
    """Asks Redis for the newest position of each log, and tells the core of those that differ."""

    def __init__(self, call: Caller, sink: Callable[[], Sink], clock: Callable[[], float]) -> None:
        self._call = call
        self._sink = sink
        self._clock = clock

    def compare(self) -> None:
        """Compare all logs that are followed."""
        self._ask(list(self._sink().tops()))

    def look_at_inboxes(self) -> None:
        """Look whether there is anything in inboxes that nothing is known of."""
        self._ask([(name, None) for name in self._sink().inboxes()])

    def _ask(self, known: Sequence[tuple[str, Position | None]]) -> None:
        for start in range(0, len(known), TOPS):
            part = known[start : start + TOPS]
            names = [name for name, _ in part]
            deadline = self._clock() + READ_WITHIN
            self._call("tops", names, deadline, partial(self._on_tops, part), UPKEEP)

    def _on_tops(self, known: Sequence[tuple[str, Position | None]], found: Any) -> None:
        if isinstance(found, Refused):
            return
        sink = self._sink()
        for place, (name, before) in enumerate(known):
            epoch, top, id = found[3 * place : 3 * place + 3]
            if before is None:
                if epoch:
                    sink.differs(name)
            elif before != (epoch, int(top or 0), id) and sink.seen(name) == before:
                # What has moved on meanwhile is alive; what has not, missed something.
                sink.differs(name)
