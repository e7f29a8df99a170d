"""When each client of a node that drains is asked to move, and when it is told goodbye. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from node.core.session.session import Session

MOST_NOTICE = 5.0
"""Seconds that a client gets to go over by itself. It needs far less than one; more is for a front
that still has to learn which nodes are ready, and for nodes that are busy with those who come."""


class Turn(NamedTuple):
    """At ``at`` seconds, a client is told goodbye, or before that to move ``within`` seconds."""

    at: float
    session: Session
    within: float | None


def turns(sessions: Sequence[Session], seconds: float) -> Iterator[Turn]:
    """Return what is said to each client in the course of so many seconds, in order.

    Goodbyes are spread, so that those who only know these do not all come to the other nodes at
    once; so are the notices, for the same reason, and each comes as long before its goodbye.
    """
    notice = min(MOST_NOTICE, seconds / 2)
    step = (seconds - notice) / max(1, len(sessions))
    asked = [Turn(place * step, session, notice) for place, session in enumerate(sessions)]
    told = [Turn(turn.at + notice, turn.session, None) for turn in asked]
    yield from sorted([*asked, *told] if notice else told, key=lambda turn: turn.at)
