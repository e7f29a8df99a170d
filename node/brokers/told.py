"""Departures that rooms have been told of: they are forgotten, many in one call (outdone.lua)."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from node.brokers import keys
from node.brokers.calls import Next
from node.brokers.lanes import CHANGES
from node.core.model import Failure

MOST = 100
"""Sessions in one call: as many as one search finds (janitor.py)."""
ENOUGH = 500
"""Departures after which no further session is added to a call; each session may have 50."""


class Told:
    """What is to be forgotten: some under way in a call, the rest in the next one.

    What is refused is listed and settled once more, by any node: that changes nothing.
    """

    script = "outdone"
    lane = CHANGES
    weight = 1
    tag = keys.CONTROL_TAG
    __slots__ = ("queued", "_waiting", "_under_way")

    def __init__(self) -> None:
        self.queued = False
        self._waiting: dict[str, list[Any]] = {}
        self._under_way: dict[str, list[Any]] = {}

    def add(self, session: str, departures: Sequence[Any]) -> bool:
        """Add departures, each as its generation and its room; return whether to queue the call."""
        self._waiting.setdefault(session, []).extend(departures)
        queued, self.queued = self.queued, True
        return not queued

    def args(self) -> Sequence[Any] | None:
        """Return the arguments for what is under way, or for what comes next."""
        if not self._under_way:
            left = ENOUGH
            for session in list(islice(self._waiting, MOST)):
                if left <= 0:
                    break
                departures = self._under_way[session] = self._waiting.pop(session)
                left -= len(departures) // 2
        if not self._under_way:
            self.queued = False
            return None
        args: list[Any] = [len(keys.CONTROL), *keys.CONTROL]
        for session, departures in self._under_way.items():
            args += (session, len(departures) // 2, *departures)
        return args

    def reply(self, reply: Any) -> Next:
        """Go on with the rest."""
        self._under_way = {}
        self.queued = bool(self._waiting)
        return Next.MORE if self.queued else Next.NOTHING

    def lost(self) -> None:
        """Do nothing: what is forgotten twice is forgotten."""

    def refuse(self, refused: Failure) -> None:
        """Give all of it up."""
        self._under_way, self._waiting, self.queued = {}, {}, False

    def expire(self, now: float) -> None:
        """Do nothing: it has no deadline."""
