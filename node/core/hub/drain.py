"""When a node that drains asks each client to move, and when it says goodbye to it. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from node.core.session.connection import ClientConnection

MOST_NOTICE = 5.0
"""Seconds that a client gets to move by itself. It needs far less than one. The rest is for a front
that still has to learn which nodes are ready, and for nodes that are busy with newcomers."""


class Turn(NamedTuple):
    """What a client is sent after ``at`` seconds: to move ``within`` seconds, or (None) goodbye."""

    at: float
    connection: ClientConnection
    within: float | None


def turns(connections: Sequence[ClientConnection], seconds: float) -> Iterator[Turn]:
    """Return what each client is sent in the course of so many seconds, in order.

    Goodbyes are spread, so that clients which know only these do not come to the other nodes all at
    once. So are the notices, and each comes the same time before its goodbye.
    """
    notice = min(MOST_NOTICE, seconds / 2)
    step = (seconds - notice) / max(1, len(connections))
    asked = [Turn(place * step, connection, notice) for place, connection in enumerate(connections)]
    told = [Turn(turn.at + notice, turn.connection, None) for turn in asked]
    yield from sorted([*asked, *told] if notice else told, key=lambda turn: turn.at)
