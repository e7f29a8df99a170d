"""What happened in a scenario, as its clients saw it, in order; the checker reads nothing else.

Times are seconds by one clock. A session is known by its number; positions are compared, never
looked into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

SHORTEST = 0.05
"""Seconds for which a client must wait for that to be noted."""


class Sent(NamedTuple):
    """A message went out, for the first time or again."""

    at: float
    session: int
    connection: int
    room: str
    id: str


class Acked(NamedTuple):
    """A message was acknowledged."""

    at: float
    session: int
    room: str
    id: str
    position: str


class Refused(NamedTuple):
    """A message was not taken; ``code`` says why."""

    at: float
    session: int
    connection: int
    id: str
    code: str


class Delivered(NamedTuple):
    """An entry came. ``key`` is the same for the same entry, wherever it stands in the log."""

    at: float
    session: int
    room: str
    key: str
    position: str
    kind: str
    nick: str
    reason: str = ""


class Gap(NamedTuple):
    """It was said that entries are no longer kept."""

    at: float
    session: int
    room: str
    after: str
    position: str


class Joined(NamedTuple):
    """Delivery begins, or goes on, after a position."""

    at: float
    session: int
    room: str
    position: str


class Greeted(NamedTuple):
    """A client said hello."""

    at: float
    session: int


class Welcomed(NamedTuple):
    """A session began or was continued."""

    at: float
    session: int
    nick: str
    resumed: bool
    node: str


class Dropped(NamedTuple):
    """A connection was lost, or ended by a `bye` with that reason."""

    at: float
    session: int
    reason: str


class Ended(NamedTuple):
    """A session's client quit, or went away for good (``reason`` lost), or was cut off (gone)."""

    at: float
    session: int
    nick: str
    reason: str


Event = Sent | Acked | Refused | Delivered | Gap | Joined | Greeted | Welcomed | Dropped | Ended


class Kept(NamedTuple):
    """A message as it stands in a log at the end."""

    id: str
    position: str


class Wait(NamedTuple):
    """From when to when a client was without service."""

    since: float
    until: float
    session: int = 0


@dataclass
class Record:
    """Everything that happened, and what the logs held at the end."""

    events: list[Event] = field(default_factory=list)
    final: dict[str, list[Kept]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    """Who was in the rooms at the end, as far as that was asked."""
    whole: dict[str, list[str]] = field(default_factory=dict)
    """The messages of a log in order, the trimmed ones too, where somebody knows them."""
    visits: dict[str, int] = field(default_factory=dict)
    """By room: how many entries those made who looked at it at the end."""
    waits: list[Wait] = field(default_factory=list)
    """When clients were without service, where that was long enough to tell of."""

    def add(self, event: Event) -> None:
        """Note what happened."""
        self.events.append(event)

    def served(self, since: float, now: float, session: int = 0) -> None:
        """Note since when a client had waited for an `ack` or a `welcome`."""
        if now - since >= SHORTEST:
            self.waits.append(Wait(since, now, session))

    def trimmed(self) -> int:
        """Return how many messages that were acknowledged are in no log at the end."""
        kept = {message.id for log in self.final.values() for message in log}
        return len({event.id for event in self.events if isinstance(event, Acked)} - kept)

    def first_sent(self) -> dict[str, float]:
        """Return when each message was sent for the first time."""
        sent: dict[str, float] = {}
        for event in self.events:
            if isinstance(event, Sent):
                sent.setdefault(event.id, event.at)
        return sent

    def latencies(self) -> list[float]:
        """Return the seconds from the first sending of a message to each delivery, sorted."""
        sent = self.first_sent()
        return sorted(
            event.at - sent[event.key]
            for event in self.events
            if isinstance(event, Delivered) and event.key in sent
        )

    def acknowledged_in(self) -> list[float]:
        """Return the seconds from the first sending of each message to its first `ack`, sorted.

        One that got none counts as if it never gets one.
        """
        acked: dict[str, float] = {}
        for event in self.events:
            if isinstance(event, Acked):
                acked.setdefault(event.id, event.at)
        return sorted(acked.get(id, inf) - at for id, at in self.first_sent().items())

    def longest(self) -> float:
        """Return the longest time that a client was without service."""
        return max((until - since for since, until, _ in self.waits), default=0.0)

    def longest_after(self, times: Sequence[float]) -> float:
        """Return for how long after one of some times clients still were without service."""
        waits = [(since, until, time) for since, until, _ in self.waits for time in times]
        spans = [until - time for since, until, time in waits if since < time < until]
        return max(spans, default=0.0)
