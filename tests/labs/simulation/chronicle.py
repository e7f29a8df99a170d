"""What really happened to the logs, as seen at Redis: what clients saw is held against it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple


class Added(NamedTuple):
    """An entry was put into a log; ``back``: it was put back, at another place than before."""

    at: float
    log: str
    offset: int
    id: str
    kind: str
    origin: str
    body: str
    back: bool
    after: str
    """The id of the entry before it."""


Logs = dict[str, dict[int, Added]]
"""Entries by log and offset."""


class Rollback(NamedTuple):
    """Redis forgot entries. ``remembered``: for each, which nodes that live had it.

    ``control``: it forgot what was decided of sessions, too.
    """

    at: float
    lost: list[Added]
    remembered: dict[str, list[object]]
    control: bool


def _log_of(key: bytes) -> str:
    """Return the log that is the stream at a key."""
    name = key.decode()[len("chat:") : -len(":log")]
    return name[1:-1] if name.endswith("}") else name.removeprefix("{c}:")


@dataclass
class Chronicle:
    """All entries that were ever added, and how the logs stand."""

    added: list[Added] = field(default_factory=list)
    holders: defaultdict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    """All sessions that ever had a nick, by the nick."""
    logs: Logs = field(default_factory=dict)
    trims: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    deleted: dict[str, list[float]] = field(default_factory=dict)
    ended: dict[str, list[float]] = field(default_factory=dict)
    """By session: when Redis ended it."""
    departures: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    """What was decided of who leaves: by session, generation and room its life and the reason."""
    rollbacks: list[Rollback] = field(default_factory=list)
    leases: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By incarnation: when its lease was renewed, and until when."""

    def on_call(self, now: float, name: str, fields: Sequence[bytes]) -> None:
        """Note what a script does to a log."""
        if name == "xadd":
            log = _log_of(fields[0])
            offset = int(fields[1][:-2])
            kind, id, _, origin, *home = fields[3].decode().split(" ")
            entries = self.logs.setdefault(log, {})
            after = entries[offset - 1].id if offset - 1 in entries else ""
            entry = Added(now, log, offset, id, kind, origin, fields[5].decode(), bool(home), after)
            self.added.append(entry)
            entries[offset] = entry
        elif name == "xtrim":
            log = _log_of(fields[0])
            top = max(self.logs[log])
            self.trims.setdefault(log, []).append((now, top - int(fields[1]) + 1))
        elif name == "zadd" and fields[0] == b"chat:{c}:nodes":
            self.leases.setdefault(fields[2].decode(), []).append((now, int(fields[1]) / 1000))
        elif name == "hset" and fields[0].startswith(b"chat:{c}:out:"):
            session = fields[0].removeprefix(b"chat:{c}:out:").decode()
            gen, room = fields[1].decode().split(" ")
            life, reason, *_ = fields[2].decode().split(" ")
            self.departures[session, gen, room] = life, reason
        elif name == "del":
            for key in fields:
                if key.startswith(b"chat:{c}:session:"):
                    session = key.removeprefix(b"chat:{c}:session:").decode()
                    self.ended.setdefault(session, []).append(now)
                elif key.endswith(b":log"):
                    log = _log_of(key)
                    self.logs.pop(log, None)
                    self.deleted.setdefault(log, []).append(now)

    def copy(self) -> Logs:
        """Return the logs as they stand."""
        return {log: dict(entries) for log, entries in self.logs.items()}

    def rolled_back(
        self,
        now: float,
        logs: Logs,
        memories: Iterable[tuple[object, str, set[str]]],
        control: bool = True,
    ) -> None:
        """Redis went back to older logs; ``memories`` are node, log and ids of what nodes have."""
        lost = []
        for log, entries in self.logs.items():
            kept = {entry.id for entry in logs.get(log, {}).values()}
            lost += [entry for entry in entries.values() if entry.id not in kept]
        remembered: dict[str, list[object]] = {entry.id: [] for entry in lost}
        ids = {(entry.log, entry.id) for entry in lost}
        for node, log, known in memories:
            for id in known:
                if (log, id) in ids:
                    remembered[id].append(node)
        self.rollbacks.append(Rollback(now, lost, remembered, control))
        self.logs = {log: dict(entries) for log, entries in logs.items()}

    # Afterwards

    def has_entered(self, entry: Added) -> bool:
        """Say whether the log of an entry ever said that its session, in that life, was there."""
        sid, _, life, _ = entry.origin.split("/", 3)
        return any(
            other.origin.startswith(sid + "/") and other.origin.split("/")[2] == life
            for other in self.added
            if other.log == entry.log and other.kind in "er"
        )

    def was_away(self, id: str, since: float, until: float) -> bool:
        """Say whether an entry was forgotten, and not put back yet, at some time between two."""
        for rollback in self.rollbacks:
            if rollback.at <= until and has(rollback.lost, id):
                back = [new.at for new in self.added if new.id == id and new.at >= rollback.at]
                if min(back, default=until) >= since:
                    return True
        return False

    def was_repeated(self, id: str) -> bool:
        """Say whether a change was forgotten, and done again before its entry was put back."""
        first, *others = [entry for entry in self.added if entry.id == id]
        lost = min((back.at for back in self.rollbacks if first in back.lost), default=inf)
        return any(
            not other.back and other.offset != first.offset and other.at > lost for other in others
        )

    def is_elsewhere(self, id: str, offset: int) -> bool:
        """Say whether a change whose entry was lost at an offset was done again at another one."""
        newest = [entry.offset for entry in self.added if entry.id == id][-1:]
        return newest not in ([], [offset]) and self.was_repeated(id)

    def was_known(self, id: str, node: object) -> bool:
        """Say whether a node remembered an entry when it was forgotten."""
        return any(node in back.remembered.get(id, ()) for back in self.rollbacks)

    def order(self, log: str) -> list[Added]:
        """Return the entries of a log in order, those that were trimmed too."""
        return [entry for _, entry in sorted(self.logs.get(log, {}).items())]

    def first_kept(self, log: str, at: float) -> int:
        """Return the offset of the oldest entry that was kept at a time."""
        first = 1
        for when, offset in self.trims.get(log, ()):
            if when <= at:
                first = max(first, offset)
        return first


def has(entries: Iterable[Added], id: str) -> bool:
    """Say whether an entry is among others."""
    return any(entry.id == id for entry in entries)
