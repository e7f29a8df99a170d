"""How many entries may follow one in a log: what is trimmed is no loss, and only that. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from math import inf

from tests.labs.faults.story import Story

NOTICES = ("entered ", "left ", "renamed ")


class Spans:
    """When each entry of a room may have been appended, and how many may have followed it.

    A log keeps its newest entries, so one that fewer entries follow is kept. What is counted here
    is the most that can have followed it: an entry that is called lost was certainly kept.
    """

    def __init__(self, story: Story, room: str) -> None:
        self._order = story.orders[room]
        self._places = story.places[room]
        self._visits = story.visits.get(room, 0)
        self._untold = sorted(_untold(story, room))
        self._since = {id: sent.at for id, sent in story.sent.items() if sent.room == room}
        # What was put back somewhere else may follow what was sent after it was acknowledged.
        until = {
            id: inf if story.moved(id) else story.kept_since.get(id, inf) for id in self._since
        }
        loose = [id for id in self._since if id not in self._places]
        self._loose = _Counted(map(self._since.__getitem__, loose), map(until.__getitem__, loose))
        notices = [key for key in self._order if key.startswith(NOTICES)]
        self._all = _Counted(
            [*self._since.values(), *map(self.since, notices)],
            [*until.values(), *(story.kept_since[key] for key in notices)],
        )

    def since(self, key: str) -> float:
        """Return since when an entry may be in the log: a notice, since ever."""
        return self._since.get(key, -inf)

    def after(self, key: str, at: float = inf) -> int:
        """Return how many entries may have followed this one at a time, at most."""
        since = self.since(key)
        count = self._visits if at == inf else 0
        count += len(self._untold) - bisect_right(self._untold, since)
        if (place := self._places.get(key)) is None:
            return count + self._all.between(since, at) - 1  # It is among them itself.
        if at == inf:
            count += len(self._order) - place - 1
        else:
            count += sum(self.since(later) <= at for later in self._order[place + 1 :])
        return count + self._loose.between(since, at)


class _Counted:
    """Spans of time, to be counted."""

    def __init__(self, since: Iterable[float], until: Iterable[float]) -> None:
        self._since, self._until = sorted(since), sorted(until)

    def between(self, start: float, end: float) -> int:
        """Return how many end after ``start`` and begin before ``end``."""
        return max(0, bisect_right(self._since, end) - bisect_right(self._until, start))


def _untold(story: Story, room: str) -> Iterator[float]:
    """Return by when the notices that nobody was told of were in the log."""
    told = {tuple(key.split(" ")[:2]) for key in story.places[room] if key.startswith(NOTICES)}
    for (session, name), at in story.joined.items():
        if name == room and (life := story.lives.get(session)) is not None:
            if not any(("entered", nick) in told for nick in life.nicks):
                yield at
            if life.end and not any(("left", nick) in told for nick in life.nicks):
                yield inf
            for nick in life.names[1:]:
                if ("renamed", nick) not in told:
                    yield inf
