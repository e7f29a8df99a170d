"""Puts past messages of each room before the live ones, each once. Pure."""

from collections.abc import Iterable

from wire import messages as m

MOST_HELD = 1000
"""Live messages that wait for the past of their room: more than arrive before a node answers."""


class PastFirst:
    """Holds the messages of each room back until its past has arrived, or is refused."""

    def __init__(self) -> None:
        self._held: dict[str, list[m.Message]] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._refs: dict[str, str] = {}

    def asked(self, room: str, ref: str) -> None:
        """Note the request for the past of a room."""
        self._refs[ref] = room

    def take(self, event: object) -> Iterable[m.Message | m.Past | m.Direct]:
        """Return the messages to print now, after an event."""
        if isinstance(event, m.Message):
            return self._live(event)
        if isinstance(event, m.Direct):
            return (event,)
        if isinstance(event, m.History | m.Error) and event.ref is not None:
            room = self._refs.pop(event.ref, None)
            if room is not None:
                past = event.messages if isinstance(event, m.History) else []
                return self._release(room, past)
        return ()

    def _live(self, event: m.Message) -> Iterable[m.Message | m.Past]:
        known = self._known.get(event.room)
        if known is not None:
            return () if event.position in known else (event,)
        held = self._held.setdefault(event.room, [])
        held.append(event)
        return () if len(held) < MOST_HELD else self._release(event.room, [])

    def _release(self, room: str, past: list[m.Past]) -> list[m.Message | m.Past]:
        self._known[room] = known = frozenset(each.position for each in past)
        held = [each for each in self._held.pop(room, []) if each.position not in known]
        return [*past, *held]
