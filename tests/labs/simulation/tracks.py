"""What each client got of each log, cut where it left. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.labs.simulation.notes import Step, is_own

INBOX = "@"
BEGINNING = "0"
"""What stands for an id in the position before a log's first entry."""


def key_of(position: str) -> str:
    """Return the id of the entry that a position names; a checker may look inside."""
    parts = position.split("-")
    return parts[2] if len(parts) > 2 else ""


def offset_of(position: str) -> int:
    """Return the offset that a position names."""
    return int(position.split("-")[1])


@dataclass
class Track:
    """What a client got of a log from its joining on; ``end`` is its own `left`, if it had one."""

    client: int
    room: str
    steps: list[Step] = field(default_factory=list)
    end: Step | None = None
    over: bool = False


def tracks(client: int, steps: list[Step]) -> Iterator[Track]:
    """Return the tracks of a client in all rooms."""
    open_ones: dict[str, Track] = {}
    for step in steps:
        room = step.event.get("room", "")
        if step.name == "ended":
            for track in open_ones.values():
                track.over = True
                yield track
            open_ones.clear()
        elif step.name == "left" and is_own(step.event):
            if room in open_ones:
                track = open_ones.pop(room)
                track.end, track.over = step, True
                yield track
        elif step.name in ("joined", "gap", "message", "entered", "left") or (
            step.name == "renamed" and room
        ):
            if room != INBOX:
                open_ones.setdefault(room, Track(client, room)).steps.append(step)
    yield from open_ones.values()
