"""Holds what a client got of a log against that log. Pure."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from tests.labs.faults.verdict import Kind, Violation
from tests.labs.simulation.chronicle import Added, Chronicle, has
from tests.labs.simulation.notes import Step
from tests.labs.simulation.tracks import BEGINNING, Track, key_of, offset_of


class Excuse(NamedTuple):
    """Entries that a gap was said for, as places in the log; -1: from its beginning."""

    start: int
    end: int


class Audit:
    """Holds one track against the log. ``lives`` are nodes, by client and number of its dial."""

    def __init__(
        self,
        track: Track,
        chronicle: Chronicle,
        forgetful: bool,
        lives: Mapping[tuple[int, int], object],
    ) -> None:
        self.track = track
        self.chronicle = chronicle
        self.forgetful = forgetful
        self.lives = lives
        self.limits: list[str] = []
        self.log = "r:" + track.room
        self.order = chronicle.order(self.log)
        self.places = {entry.id: place for place, entry in enumerate(self.order)}
        ever = [entry for entry in chronicle.added if entry.log == self.log]
        self.first_at: dict[str, float] = {}
        self.moved: set[str] = set()
        where: dict[str, tuple[int, str]] = {}
        for entry in ever:
            self.first_at.setdefault(entry.id, entry.at)
            place = entry.offset, entry.after
            if entry.back or where.setdefault(entry.id, place) != place:
                self.moved.add(entry.id)
        self.gone = any(id not in self.places for id in self.first_at)
        self.found: list[Violation] = []
        self.seen: set[str] = set()
        self.again: set[str] = set()
        self.excuses: list[Excuse] = []
        self.given_up: set[str] = set()
        self.said: list[tuple[Step, int]] = []
        self.position = ""
        self.joined = ""
        self.resumed: Step | None = None
        self.highest = -1
        self.heard_at = 0.0

    def run(self) -> list[Violation]:
        """Return what is wrong."""
        start = None
        gap: Step | None = None
        for step in self.track.steps:
            event = step.event
            if step.name == "gap":
                # Or what it had in a branch that was lost, and was not given again in this one.
                known = f"{self.position}-".startswith(event["after"] + "-")
                if not known and not self._had(key_of(event["after"])):
                    self._say(Kind.GAP, f"{event} comes after {self.position}")
                gap = step
                self._gap(step)
                self.heard_at = step.at
                continue
            position = event["position"]
            if step.name == "joined":
                self.resumed = step if start is not None else None
                if start is None:
                    start = step
                    self.joined = key_of(position)
                    if key_of(position) not in self.moved:
                        self.highest = self.places.get(key_of(position), -1)
                elif position != self.position and not self._moved_on(key_of(position)):
                    self._say(Kind.SKIPPED, f"goes on after {position}, not {self.position}")
            else:
                if gap is not None and not self._follows(position, gap):
                    self._say(Kind.GAP, f"{gap.event} is followed by {position}")
                self._entry(key_of(position), step)
                gap = None
            self.position, self.heard_at = position, step.at
        if start is None:
            if self.track.steps:
                self._say(Kind.SKIPPED, "entries came before joined")
            return self.found
        self._end(start)
        return self.found

    def _say(self, kind: Kind, text: str) -> None:
        who = f"p{self.track.client} in {self.track.room}"
        self.found.append(Violation(kind, f"{who}: {text}"))

    def _had(self, key: str) -> bool:
        """Say whether the client got an entry, or joined at it: its own `entered` is not given."""
        return key in self.seen or key == self.joined

    def _moved_on(self, key: str) -> bool:
        """Say whether a client may go on after an entry that it had, and that was put back since.

        It is not given again; the node counts it as read. What was left out before it is missing
        at the end.
        """
        return key in self.moved and self._had(key)

    def _follows(self, position: str, gap: Step) -> bool:
        """Say whether an entry may be the next after a gap, which names it or the newest one."""
        named = key_of(gap.event["position"])
        said = -1 if named == BEGINNING else self.places.get(named, len(self.order))
        return position == gap.event["position"] or said < self.places.get(key_of(position), -1)

    def _entry(self, key: str, step: Step) -> None:
        place = self.places.get(key)
        if key not in self.first_at:
            self._say(Kind.DISORDER, f"{key} was never put into the log")
        if key in self.seen and key not in self.again:
            life = self.lives.get((self.track.client, step.dial))
            if self.chronicle.was_repeated(key) and not self.chronicle.was_known(key, life):
                self.limits.append(f"{key} was made again before it was put back")
            elif self._goes_on_before(key, step):
                self.limits.append(f"{key} was put back behind where p{self.track.client} goes on")
            else:
                self._say(Kind.DOUBLED, f"{key} came again")
        elif place is None:
            if not self.forgetful and self.log not in self.chronicle.deleted:
                self._say(Kind.DISORDER, f"{key} is not in the log any more")
        elif key not in self.moved:
            if place <= self.highest:
                self._say(Kind.DISORDER, f"{key} came after {self.order[self.highest].id}")
            self.highest = max(self.highest, place)
        self.seen.add(key)
        self.again.discard(key)

    def _goes_on_before(self, key: str, step: Step) -> bool:
        """Say whether a lost entry was put back behind the position with which a client resumed.

        The client got nothing of the room in between, so its position does not say that it has had
        that entry of the lost branch. A position that says so ends in the name of the branch.
        """
        if self.resumed is None or self.resumed.event["position"].count("-") > 2:
            return False
        lost = [back.at for back in self.chronicle.rollbacks if has(back.lost, key)]
        cursor, now = (offset_of(one.event["position"]) for one in (self.resumed, step))
        return min(lost, default=inf) < self.resumed.at and cursor < now

    def _gap(self, step: Step) -> None:
        after = key_of(step.event["after"])
        start = self.places.get(after, -1) if after not in self.moved else -1
        end = self._last_before(key_of(step.event["position"]))
        unknown = self.chronicle.was_away(after, self.heard_at, step.at)
        unknown |= self.chronicle.is_elsewhere(after, offset_of(step.event["after"]))
        if unknown or (self.forgetful and after not in self.places):
            # Everything that is kept follows, what this client has had as well; and so may what is
            # put back later by a node that was stopped for longer than others wait for it.
            self.again, self.highest = set(self.seen), -1
        elif self.forgetful and self._has_pushed_out(step):
            # Of what was put back, the client may get again what follows.
            self.again |= self.seen & self.moved
        self.excuses.append(Excuse(start, end))
        self._give_up(step)
        if not unknown:
            self.said.append((step, len(self.excuses) - 1))

    def _give_up(self, gap: Step) -> None:
        """Note the entries that a gap was said for, and that were put back elsewhere since."""
        first, last = offset_of(gap.event["after"]), offset_of(gap.event["position"])
        self.given_up |= {
            entry.id
            for entry in self.order
            if entry.id in self.moved
            and self.first_at[entry.id] <= gap.at
            and first < self._offset(entry, gap.at) < last
        }

    def _last_before(self, id: str) -> int:
        """Return the place of an entry, or, if it is gone, of what came before it at its time.

        A gap may name an entry that Redis forgets later, and that is not put back because the log
        would not keep it any more. It was said for what is still before that place all the same.
        """
        if id in self.places or id not in self.first_at:
            return self.places.get(id, -1)
        before = [
            place
            for place, entry in enumerate(self.order)
            if entry.id not in self.moved and self.first_at[entry.id] <= self.first_at[id]
        ]
        return max(before, default=-1)

    def _end(self, start: Step) -> None:
        """Look at what should have come, and has not."""
        first = self.places.get(key_of(start.event["position"]))
        if first is None:
            known = [
                place
                for place, entry in enumerate(self.order)
                if self.first_at[entry.id] <= start.at
            ]
            first = max(known, default=-1)
        last = self._last()
        missing = [
            entry
            for place, entry in enumerate(self.order[first + 1 : last], first + 1)
            if entry.id not in self.seen
            and entry.id not in self.given_up
            and not self._excused(place)
            and self.first_at[entry.id] <= self._until()
            and not self._is_history(entry)
        ]
        if missing and last > first:
            tail = self.places[missing[0].id] > self.highest
            kind = Kind.LOST if tail else Kind.SKIPPED
            how = "before it left, " if self.track.end is not None else ""
            self._say(kind, f"{how}{len(missing)} entries never came, the first is {missing[0]}")
        for step, number in self.said:
            self._judge(step, self.excuses[number])

    def _until(self) -> float:
        """Return the time of the last entry that need be given: its own `left` may have moved."""
        if self.track.end is None:
            return float("inf")
        return self.first_at.get(key_of(self.track.end.event.get("position", "-")), 0.0)

    def _last(self) -> int:
        """Return the place in the log before which everything should have come."""
        if self.track.end is not None:
            position = self.track.end.event.get("position")
            return self.places.get(key_of(position), 0) if position else 0
        return 0 if self.track.over else len(self.order)

    def _excused(self, place: int) -> bool:
        return any(excuse.start < place <= excuse.end for excuse in self.excuses)

    def _judge(self, step: Step, excuse: Excuse) -> None:
        """Look whether what a gap was said for was really gone."""
        if self.forgetful and (self.gone or self.log in self.chronicle.deleted):
            return
        first_kept = self.chronicle.first_kept(self.log, step.at)
        # Its own `left`, which the gap may lead up to, it gets as an answer.
        end = key_of(self.track.end.event.get("position", "-")) if self.track.end else ""
        # The entry that the gap leads up to may not come any more: the connection may break.
        leads_to = key_of(step.event["position"])
        after = key_of(step.event["after"])
        before = self.first_at[after] if after in self.moved else -1.0
        missing: list[Added] = [
            entry
            for entry in self.order[excuse.start + 1 : excuse.end + 1]
            if entry.id not in self.seen
            and entry.id not in (end, leads_to)
            and self.first_at[entry.id] <= step.at
            # In the branch that was lost it came before the gap: perhaps in an earlier session.
            and not (entry.id in self.moved and self.first_at[entry.id] <= before)
        ]
        owed = [entry for entry in missing if not self._is_history(entry)]
        # An entry may have been put back since, at another offset.
        trimmed = any(self._offset(entry, step.at) < first_kept for entry in missing)
        if not owed and (trimmed or (not missing and self._pushed_out(step))):
            self.limits.append(f"{step.event} is over nothing that p{self.track.client} lacks")
            return
        kept = [entry for entry in owed if self._offset(entry, step.at) >= first_kept]
        if kept or not trimmed:
            self._say(Kind.GAP, f"{step.event}, but {len(kept)} of {len(missing)} were still kept")

    def _pushed_out(self, gap: Step) -> bool:
        """Say whether entries were put back behind a cursor, and trimmed before a gap.

        The client has them, or they were there before it joined.
        """
        return key_of(gap.event["after"]) in self.moved and self._has_pushed_out(gap)

    def _has_pushed_out(self, gap: Step) -> bool:
        first_kept = self.chronicle.first_kept(self.log, gap.at)
        return any(
            (self._is_history(entry) or (entry.id in self.seen and entry.id in self.moved))
            and self.first_at[entry.id] <= gap.at
            and self._offset(entry, gap.at) < first_kept
            for entry in self.order
        )

    def _is_history(self, entry: Added) -> bool:
        """Say whether an entry was there when the client joined, and was put back elsewhere since.

        Its own `entered` is one of these: it is not given.
        """
        joined = self.first_at.get(self.joined, -1.0)
        return entry.id in self.moved and self.first_at[entry.id] <= joined

    def _offset(self, entry: Added, at: float) -> int:
        """Return the offset that an entry had at a time."""
        log, added = self.log, self.chronicle.added
        where = [one for one in added if (one.log, one.id) == (log, entry.id) and one.at <= at]
        return where[-1].offset
