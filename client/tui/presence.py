"""People who enter, leave and change their nicks, in the rows and the lists of rooms. Pure."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from msgspec import field

from client.text.event_text import count, phrase
from client.text.sanitize import safe_word
from client.tui.buffers import Buffer
from client.tui.filters import Filters
from client.tui.rows import Kind, Row
from wire import messages as m

MOST_NAMES = 3
"""Names for each verb of a folded row."""
MOST_FOLDED = 200
"""People in one folded row, whose sentence is made again with each of them."""
LONGEST_RUN = 3_600_000
"""Milliseconds from the first to the last step of a folded row."""
_VERBS = {"+": "entered", "-": "left", "+-": "entered and left", "-+": "left and came back"}


class Run(Row):
    """A run of people who entered and left, as one row.

    ``steps`` has for each nick the first and the last step: ``+`` entered, ``-`` left.
    """

    steps: dict[str, str] = field(default_factory=dict)

    def fold(self, event: m.Entered | m.Left) -> bool:
        """Take another event into the row; return False if it is full, or if that is much later."""
        at = event.at or None
        since = min(filter(None, (at, self.since)), default=None)
        latest = max(filter(None, (at, self.at)), default=None)  # an older step may come late
        if since is not None and latest is not None and latest - since > LONGEST_RUN:
            return False
        step = "+" if isinstance(event, m.Entered) else "-"
        if len(self.steps) >= MOST_FOLDED and event.nick not in self.steps:
            return False
        first = self.steps.get(event.nick, step)[0]
        self.steps[event.nick] = step if first == step else first + step
        self.text = folded(self.steps)
        self.since, self.at = since, latest
        return True

    def end(self) -> None:
        """Note that the row grows no more: only its text is needed."""
        self.steps = {}


def folded(steps: Mapping[str, str]) -> str:
    """Return the sentence of a run."""
    parts = []
    for way, verb in _VERBS.items():
        nicks = [safe_word(nick) for nick, steps_of in steps.items() if steps_of == way]
        if nicks:
            parts.append(f"{_listed(nicks)} {verb}")
    return "; ".join(parts)


def _listed(nicks: list[str]) -> str:
    names, others = nicks[:MOST_NAMES], len(nicks) - MOST_NAMES
    if others > 0:
        return f"{', '.join(names)} and {count(others, 'other')}"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


class Presence:
    """Shows other people's coming and going, unless ``filters`` hide it."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._latest: WeakKeyDictionary[Buffer, Run] = WeakKeyDictionary()

    def entered(self, buffer: Buffer, event: m.Entered) -> None:
        """Note that a member entered."""
        buffer.came(event.nick)
        buffer.people.came(event.nick)
        self._fold(buffer, event)

    def left(self, buffer: Buffer, event: m.Left) -> None:
        """Note that a member left."""
        buffer.gone(event.nick)
        buffer.people.went(event.nick)
        self._fold(buffer, event)

    def renamed(self, buffer: Buffer, event: m.Renamed) -> None:
        """Note the new nick of a member."""
        buffer.gone(event.from_)
        buffer.came(event.nick)
        buffer.people.renamed(event.from_, event.nick)
        self._filters.renamed(event.from_, event.nick)
        if not self._filters.is_ignored(event.nick):
            text = phrase(event) or ""
            buffer.add(Row(Kind.NOTICE, text, at=event.at, position=event.position))

    def _fold(self, buffer: Buffer, event: m.Entered | m.Left) -> None:
        if not self._filters.presence or self._filters.is_ignored(event.nick):
            return
        latest = self._latest.get(buffer)
        if latest is not None:
            length = len(latest.text)
            is_last = buffer.rows[-1:] == [latest] and not latest.is_late
            if is_last and latest.fold(event):
                buffer.grew(len(latest.text) - length)
                return
            latest.end()
        self._latest[buffer] = run = Run(Kind.NOTICE, "", position=event.position)
        run.fold(event)
        # A single step is told in full: how the member left, and why.
        run.tell(phrase(event) or "")
        buffer.add(run)
