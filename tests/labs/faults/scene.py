"""A recorded history of three sessions, into which tests plant what must be told, or must not."""

from tests.labs.faults.checker import check
from tests.labs.faults.record import (
    Acked,
    Delivered,
    Event,
    Greeted,
    Joined,
    Kept,
    Record,
    Sent,
    Welcomed,
)
from tests.labs.faults.verdict import Kind, Rules

ROOM = "general"


class Scene:
    """A history of three sessions, 1 to 3, and messages m1, m2, ... by the first."""

    def __init__(self) -> None:
        self.now = 0.0
        self.record = Record(final={ROOM: []})
        for session in (1, 2, 3):
            self.enter(session)

    def add(self, event: Event) -> None:
        """Note an event."""
        self.record.add(event)

    def time(self) -> float:
        """Return a time after all others."""
        self.now += 1.0
        return self.now

    def enter(self, session: int, nick: str = "", resumed: bool = False) -> None:
        """Let a session begin, and those who are there see it."""
        nick = nick or f"n{session}"
        self.add(Greeted(self.time(), session))
        self.add(Welcomed(self.time(), session, nick, resumed, "node"))
        self.add(Joined(self.time(), session, ROOM, f"e{session}"))
        for other in range(1, session):
            self.notice(other, "entered", nick, f"e{session}")

    def notice(self, session: int, kind: str, nick: str, at: str, reason: str = "") -> None:
        """Let a session see somebody come or go."""
        key = f"{kind} {nick} {at}"
        self.add(Delivered(self.time(), session, ROOM, key, at, kind, nick, reason))

    def send(self, id: str, connection: int = 1, session: int = 1) -> None:
        """Let a session send a message."""
        self.add(Sent(self.time(), session, connection, ROOM, id))

    def keep(self, id: str, position: str = "") -> None:
        """Put a message into the log, and acknowledge it."""
        position = position or f"p-{id}"
        self.record.final[ROOM].append(Kept(id, position))
        self.add(Acked(self.time(), 1, ROOM, id, position))

    def deliver(self, id: str, *sessions: int, position: str = "") -> None:
        """Let sessions get a message."""
        for session in sessions or (1, 2, 3):
            place = position or f"p-{id}"
            self.add(Delivered(self.time(), session, ROOM, id, place, "message", "n1"))

    def say(self, *ids: str) -> None:
        """Send messages that everybody gets."""
        for id in ids:
            self.send(id)
            self.keep(id)
            self.deliver(id)

    def kinds(self, rules: Rules = Rules()) -> list[Kind]:
        """Return the kinds of violations, each once."""
        return sorted({found.kind for found in check(self.record, rules)}, key=lambda k: k.value)
