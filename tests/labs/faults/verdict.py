"""What a check of a record says."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """How a promise can be broken."""

    LOST = "lost"
    DOUBLED = "doubled"
    DISORDER = "disorder"
    SKIPPED = "skipped"
    GAP = "false gap"
    NICK = "nick"
    SESSION = "session"
    PRESENCE = "presence"
    MEMORY = "memory"
    LATE = "late"


class Violation(NamedTuple):
    """A broken promise."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Rules:
    """What may happen in a scenario. ``kept``: entries of a room, None if no log is ever trimmed;
    a scenario's is that of its nodes.

    ``forgetful``: the broker may go back in time; what is put back may then stand elsewhere.
    """

    kept: int | None = None
    forgetful: bool = False
