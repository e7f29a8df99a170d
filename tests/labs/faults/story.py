"""A record sorted by sessions, rooms and messages, as the checks want to look at it. Pure."""

from collections import defaultdict
from typing import NamedTuple

from tests.labs.faults import order
from tests.labs.faults.record import (
    Acked,
    Delivered,
    Ended,
    Gap,
    Greeted,
    Joined,
    Record,
    Refused,
    Sent,
    Welcomed,
)

Step = Joined | Delivered | Gap


class Life(NamedTuple):
    """How a session was seen by its client: when it was welcomed, and when and how it ended."""

    welcomes: list[Welcomed]
    end: Ended | None

    @property
    def nicks(self) -> set[str]:
        """All the names it had."""
        return {welcome.nick for welcome in self.welcomes}

    @property
    def names(self) -> list[str]:
        """The names it had, one after the other."""
        nicks = [welcome.nick for welcome in self.welcomes]
        return [nick for n, nick in enumerate(nicks) if n == 0 or nick != nicks[n - 1]]


class Story:
    """The events of a record, by what they are about."""

    def __init__(self, record: Record) -> None:
        self.final = record.final
        self.members = record.members
        self.whole = record.whole
        self.visits = record.visits
        self.tracks: dict[tuple[int, str], list[Step]] = defaultdict(list)
        self.lives: dict[int, Life] = {}
        self.greeted: dict[int, float] = {}
        """When each session said its first hello."""
        self.sent: dict[str, Sent] = {}
        """The first time that each message was sent."""
        self.attempts: dict[int, list[Sent | Acked | Refused]] = defaultdict(list)
        self.acked: dict[str, Acked] = {}
        self.positions: dict[str, set[str]] = defaultdict(set)
        """Every position that an entry was ever said to have."""
        self.kept_since: dict[str, float] = {}
        """Since when an entry was certainly in its log: somebody was told."""
        self.at: dict[str, dict[str, str]] = defaultdict(dict)
        """By room: the entry at each position."""
        self.joined: dict[tuple[int, str], float] = {}
        """When sessions were in rooms for the first time."""
        for event in record.events:
            self._take(event)
        for room, kept in record.final.items():
            for id, position in kept:
                self._note(room, id, position)
        self.orders = {room: self._order(room) for room in self._rooms()}
        self.places = {
            room: {key: place for place, key in enumerate(keys)}
            for room, keys in self.orders.items()
        }

    def _take(self, event: object) -> None:
        match event:
            case Delivered():
                self.tracks[event.session, event.room].append(event)
                self._note(event.room, event.key, event.position)
                self.kept_since.setdefault(event.key, event.at)
            case Joined():
                self.tracks[event.session, event.room].append(event)
                self.joined.setdefault((event.session, event.room), event.at)
            case Gap():
                self.tracks[event.session, event.room].append(event)
            case Sent():
                self.sent.setdefault(event.id, event)
                self.attempts[event.session].append(event)
            case Acked():
                self.acked.setdefault(event.id, event)
                self.kept_since.setdefault(event.id, event.at)
                self.attempts[event.session].append(event)
                self._note(event.room, event.id, event.position)
            case Refused():
                self.attempts[event.session].append(event)
            case Greeted():
                self.greeted.setdefault(event.session, event.at)
            case Welcomed():
                self.lives.setdefault(event.session, Life([], None)).welcomes.append(event)
            case Ended() if event.session in self.lives:
                self.lives[event.session] = self.lives[event.session]._replace(end=event)

    def _note(self, room: str, key: str, position: str) -> None:
        self.positions[key].add(position)
        self.at[room][position] = key

    def _rooms(self) -> list[str]:
        return sorted({room for _, room in self.tracks} | set(self.final))

    def moved(self, key: str) -> bool:
        """Say whether an entry was put back somewhere else."""
        return len(self.positions.get(key, ())) > 1

    def _order(self, room: str) -> list[str]:
        """Return the order of a room's entries, without those that moved."""
        known = self.whole.get(room) or [id for id, _ in self.final.get(room, ())]
        base = list(dict.fromkeys(id for id in known if not self.moved(id)))
        sequences = []
        for (_, name), track in self.tracks.items():
            if name == room:
                sequences.append(self._keys(room, track))
        return order.merge(base, sequences)

    def _keys(self, room: str, track: list[Step]) -> list[str | None]:
        keys: list[str | None] = []
        for step in track:
            if isinstance(step, Delivered):
                if not self.moved(step.key):
                    keys.append(step.key)
            elif isinstance(step, Gap):
                keys.append(order.BREAK)
            elif not keys and (key := self.at[room].get(step.position)) is not None:
                if not self.moved(key):
                    keys.append(key)
        return keys

    def stays(self, session: int) -> bool:
        """Say whether a session lasted to the end."""
        return session in self.lives and self.lives[session].end is None
