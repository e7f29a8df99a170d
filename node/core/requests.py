"""What a node does about each request: the table."""

from collections.abc import Callable
from typing import Any, NamedTuple

from node.core import greeting, places, questions, talk
from wire.messages import (
    Create,
    GetHistory,
    Hello,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    Ping,
    Pong,
    Quit,
    Send,
    SendDirect,
    SetNick,
)


class Row(NamedTuple):
    """How a request is taken: ``early`` before welcome too; ``counted`` for the rate limit;
    ``urgent`` ahead of others that wait; ``overlaps`` with others of its kind."""

    run: Callable[[Any, Any, float], None]
    early: bool = False
    counted: bool = True
    urgent: bool = False
    overlaps: bool = False


ROWS: dict[type, Row] = {
    Hello: Row(greeting.hello, early=True),
    Create: Row(places.join),
    Join: Row(places.join),
    Leave: Row(places.leave),
    Send: Row(talk.send, overlaps=True),
    SendDirect: Row(talk.direct, overlaps=True),
    SetNick: Row(questions.nick),
    ListRooms: Row(questions.rooms),
    ListMembers: Row(questions.members),
    GetHistory: Row(questions.history),
    Ping: Row(questions.ping, early=True, counted=False, urgent=True),
    Pong: Row(questions.pong, early=True, counted=False, urgent=True),
    Quit: Row(questions.quit, early=True, counted=False),
}

EARLY_TYPES = frozenset(
    str(kind.__struct_config__.tag)  # type: ignore[attr-defined]
    for kind, row in ROWS.items()
    if row.early
)
