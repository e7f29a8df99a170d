"""Compares what was sent, acknowledged, received and finally kept with what is promised. Pure.

It knows docs/protocol.md, and neither node nor client. Every violation that it can tell of is shown
to be told in test_checker.py.
"""

from tests.labs.faults import presence
from tests.labs.faults.record import Acked, Delivered, Gap, Joined, Record, Refused, Sent
from tests.labs.faults.spans import Spans
from tests.labs.faults.story import Step, Story
from tests.labs.faults.verdict import Kind, Rules, Violation

AGAIN = ("unavailable", "rate-limited")
"""Codes after which a message is sent again."""
REFUSED_AFTER = 3.5
"""Seconds after which a node may refuse a message that the broker does not take."""


def check(record: Record, rules: Rules) -> list[Violation]:
    """Return all violations."""
    story = Story(record)
    found: list[Violation] = []
    spans = {room: Spans(story, room) for room in story.orders}
    for session, room in story.tracks:
        found += TrackCheck(story, rules, spans[room], session, room).run()
    for room in story.final:
        found += _log(story, rules, spans[room], room)
    if not rules.forgetful:
        found += _moved(story)
    found += _authors(story)
    found += _refusals(story)
    found += presence.nicks(story)
    found += presence.sessions(story)
    found += presence.notices(story)
    found += presence.members(story)
    return found


class TrackCheck:
    """Follows what one session got in one room."""

    def __init__(self, story: Story, rules: Rules, spans: Spans, session: int, room: str) -> None:
        self.story = story
        self.rules = rules
        self.spans = spans
        self.session = session
        self.room = room
        self.order = story.orders[room]
        self.index = story.places[room]
        self.found: list[Violation] = []
        self.seen: set[str] = set()
        self.excused: set[str] = set()
        self.last: int | None = None
        self.position = ""
        self.gap: Gap | None = None
        self.gaps: list[Gap] = []
        self.joined_at: float | None = None
        self.own = story.lives[session].nicks if session in story.lives else set()

    def run(self) -> list[Violation]:
        """Return what is wrong."""
        before: Step | None = None
        for step in self.story.tracks[self.session, self.room]:
            if isinstance(step, Joined):
                self._joined(step)
            elif isinstance(step, Gap):
                self._gap(step)
            else:
                self._entry(step, before)
            before = step
        if self.story.stays(self.session):
            self._end()
        return self.found

    def _say(self, kind: Kind, text: str) -> None:
        self.found.append(Violation(kind, f"session {self.session} in {self.room}: {text}"))

    def _joined(self, step: Joined) -> None:
        if self.joined_at is None:
            self.joined_at = step.at
            key = self.story.at[self.room].get(step.position)
            self.last = self.index.get(key) if key is not None else None
        elif step.position != self.position:
            self._say(Kind.SKIPPED, f"goes on after {step.position}, not {self.position}")
        self.position = step.position

    def _entry(self, step: Delivered, before: Step | None) -> None:
        if isinstance(before, Gap) and step.position != before.position:
            self._say(Kind.GAP, f"{before} is not followed by {before.position}")
        self.position = step.position
        if step.key in self.seen:
            self._say(Kind.DOUBLED, f"{step.key} came again at {step.position}")
            return
        self.seen.add(step.key)
        place = self.index.get(step.key)
        if place is None:
            return
        # A gap after a place that nobody knows: it can be before all that anybody knows.
        last = -1 if self.last is None and self.gap is not None else self.last
        if last is not None:
            if place < last:
                self._say(Kind.DISORDER, f"{step.key} came after {self.order[last]}")
            else:
                self._between(last, place)
            place = max(place, last)
        self.last, self.gap = place, None

    def _between(self, last: int, place: int) -> None:
        """Look at what was left out between two entries, and at the gap that was said there."""
        missing = self._missing(last + 1, place)
        if self.gap is not None:
            newest = missing[-1] if missing else self.order[max(last, 0)]
            if self._is_kept(newest, self.gap.at):
                self._say(Kind.GAP, f"{self.gap}, but of {len(missing)} entries some were kept")
            else:
                self.excused.update(missing)
        elif missing:
            text = f"{len(missing)} entries before {self.order[place]}, the first is {missing[0]}"
            self._say(Kind.SKIPPED, text)

    def _missing(self, start: int, end: int) -> list[str]:
        return [
            key for key in self.order[start:end] if key not in self.seen and not self._is_own(key)
        ]

    def _is_own(self, key: str) -> bool:
        """Say whether an entry tells of one's own coming or going: one need not get it."""
        kind, _, rest = key.partition(" ")
        return kind in ("entered", "left") and rest.split(" ")[0] in self.own

    def _gap(self, step: Gap) -> None:
        if self.position and step.after != self.position:
            self._say(Kind.GAP, f"{step} comes after {self.position}")
        if self.rules.kept is None:
            self._say(Kind.GAP, f"{step}, but nothing was ever trimmed")
        self.gap = step
        self.gaps.append(step)

    def _is_kept(self, key: str, at: float) -> bool:
        """Say whether an entry that had been appended was certainly kept at a time."""
        if self.rules.kept is None:
            return False  # Of a gap it has been said already that it is none.
        return self.spans.after(key, at) < self.rules.kept

    def _end(self) -> None:
        """Look at what a session that stayed should have got, and has not."""
        if self.joined_at is None:
            return
        for id, sent in self.story.sent.items():
            if sent.room == self.room and sent.at > self.joined_at and id not in self.seen:
                if id in self.story.positions and not self._is_excused(id):
                    self._say(Kind.LOST, f"{id} never came")
        if self.last is not None:
            rest = self._missing(self.last + 1, len(self.order))
            notices = [key for key in rest if key not in self.story.sent]
            if notices and not self._is_excused(notices[-1]):
                self._say(Kind.LOST, f"{notices[0]} never came")

    def _is_excused(self, key: str) -> bool:
        """Say whether a gap told of an entry: one whose place nobody knows may be in any of them.

        It must have been trimmed when the gap was said: what comes back is told of by nothing else.
        """
        if key in self.excused:
            return True
        if self.last is not None and self.index.get(key, self.last) < self.last:
            return False  # Its place is known, and no true gap was said there.
        return any(
            self.spans.since(key) <= gap.at and not self._is_kept(key, gap.at)
            for gap in self.gaps
            if self.rules.kept is not None
        )


def _log(story: Story, rules: Rules, spans: Spans, room: str) -> list[Violation]:
    """Compare a log, as it is at the end, with what was ever said to be in it."""
    found = []
    ids = [id for id, _ in story.final[room]]
    there = set(ids)
    if len(there) < len(ids):
        text = f"{len(ids) - len(there)} messages stand in the log of {room} twice"
        found.append(Violation(Kind.DOUBLED, text))
    places = story.places[room]
    # Where the log begins: whatever is known to follow that has to be there.
    begin = min((places[id] for id in ids if id in places), default=len(places))
    for id, sent in story.sent.items():
        if sent.room != room or id in there or id not in story.positions:
            continue
        follows = places.get(id, -1) > begin
        if follows or rules.kept is None or spans.after(id) < rules.kept:
            how = "acknowledged" if id in story.acked else "delivered"
            found.append(Violation(Kind.LOST, f"{id} was {how}, and is not in the log"))
    unknown = there - set(story.sent)
    found += [Violation(Kind.LOST, f"nobody sent {id}, yet it is kept") for id in unknown]
    return found


def _moved(story: Story) -> list[Violation]:
    """Entries stay where they are, unless the broker forgets."""
    return [
        Violation(Kind.DISORDER, f"{key} is said to be at {', '.join(sorted(positions))}")
        for key, positions in story.positions.items()
        if len(positions) > 1
    ]


def _authors(story: Story) -> list[Violation]:
    """Each author's messages stand in the order in which they were sent.

    Those that were refused in between, or sent on another connection before an older one was sent
    again there, may have been overtaken.
    """
    found = []
    for session, attempts in story.attempts.items():
        for later, earlier in _promised(attempts):
            room = story.sent[later].room
            place = story.places[room]
            if story.moved(later) or story.moved(earlier):
                place = {id: n for n, (id, _) in enumerate(story.final.get(room, ()))}
            if place.get(later, len(place)) < place.get(earlier, -1):
                text = f"session {session} sent {earlier} before {later}"
                found.append(Violation(Kind.DISORDER, text))
    return found


def _promised(attempts: list[Sent | Acked | Refused]) -> list[tuple[str, str]]:
    """Return pairs of messages to one room, the later one first, that may not change places.

    For each message it is enough to look at the one before it: at every attempt to send it, that
    one had been acknowledged, or was under way on the same connection. What was sent again on
    another connection, after longer than a node waits for the broker, may have been refused: the
    answer was lost with the connection.
    """
    under_way: dict[str, int] = {}
    since: dict[str, float] = {}
    acked: set[str] = set()
    before: dict[str, str] = {}
    newest: dict[str, str] = {}
    broken: set[str] = set()
    for event in attempts:
        if isinstance(event, Acked):
            acked.add(event.id)
        elif isinstance(event, Refused):
            under_way.pop(event.id, None)
            broken.add(event.id)
        else:
            if event.id not in before:
                before[event.id] = newest.get(event.room, "")
                newest[event.room] = event.id
            earlier = before[event.id]
            if earlier and earlier not in acked and under_way.get(earlier) != event.connection:
                broken.add(event.id)
            if under_way.get(event.id) != event.connection:
                if event.at - since.get(event.id, event.at) >= REFUSED_AFTER:
                    broken.add(event.id)
                since[event.id] = event.at
            under_way[event.id] = event.connection
    return [
        (later, earlier)
        for later, earlier in before.items()
        if earlier and later not in broken and earlier not in broken
    ]


def _refusals(story: Story) -> list[Violation]:
    """Nothing is refused for another reason than that it may be sent again later."""
    return [
        Violation(Kind.SESSION, f"session {event.session} was refused: {event.code}")
        for attempts in story.attempts.values()
        for event in attempts
        if isinstance(event, Refused) and event.code not in AGAIN
    ]
