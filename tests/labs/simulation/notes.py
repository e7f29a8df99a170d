"""What the clients of a world saw and did, in order, and a trace to compare two runs by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.labs.simulation.client import Client

STEPS = ("joined", "message", "entered", "left", "renamed", "gap", "direct")
"""Events that tell of a room's log, or of the inbox."""


class Step(NamedTuple):
    """Something that befell a client; ``event`` is what the node said."""

    at: float
    name: str
    session: int
    dial: int
    event: dict[str, Any]


def is_own(left: dict[str, Any]) -> bool:
    """Say whether a `left` is one's own: an answer, or what comes after `unavailable`."""
    return "ref" in left or "position" not in left


class Notes:
    """Gathers the notes of all clients."""

    def __init__(self, clock: Callable[[], float], tracing: bool) -> None:
        self.sids: dict[int, set[str]] = {}
        """By person: the sessions that they ever had."""
        self.steps: dict[int, list[Step]] = {}
        self.lines: list[str] = []
        self.troubles: list[str] = []
        """What is wrong already when it is seen."""
        self.tracing = tracing
        self.late_at: list[tuple[float, int, int, str, float]] = []
        self._clock = clock

    def trace(self, *parts: object) -> None:
        """Note something for people, and for the comparison of two runs."""
        if self.tracing:
            self.lines.append(f"{self._clock():9.4f} {' '.join(map(str, parts))}")

    def _add(self, client: Client, name: str, event: dict[str, Any]) -> None:
        number = client.person.number
        step = Step(self._clock(), name, client.session, client.dials, event)
        self.steps.setdefault(number, []).append(step)

    def heard(self, client: Client, event: dict[str, Any]) -> None:
        """A client heard from its node."""
        self.trace(f"p{client.person.number} <", event)
        self._add(client, event["type"], event)

    def greeted(self, client: Client) -> None:
        """A client says hello."""
        self.sids.setdefault(client.person.number, set()).add(client.sid)
        self._add(client, "greeted", {})

    def sent(self, client: Client, request: dict[str, Any]) -> None:
        """A client sends a message, or sends it again."""
        self.trace(f"p{client.person.number} > {request['id']}")
        self._add(client, "sent", request)

    def dropped(self, client: Client, reason: str) -> None:
        """A client has no connection any more."""
        self.trace(f"p{client.person.number} off: {reason}")
        self._add(client, "dropped", {"reason": reason})

    def ended(self, client: Client, reason: str) -> None:
        """A client ends its session, or goes away for good."""
        self._add(client, "ended", {"reason": reason})

    def late(self, client: Client, what: str, waited: float) -> None:
        """A client waits too long for an answer."""
        self.trace(f"p{client.person.number} waits too long for {what}")
        note = self._clock(), client.person.number, client.dials, what, waited
        self.late_at.append(note)
