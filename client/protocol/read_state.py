"""The rooms of a session, and how far each room and the inbox were read. Pure."""

from collections.abc import Mapping

from msgspec import Struct, field

from wire import limits
from wire.messages import INBOX, Joined

_REMEMBERED = 2000
"""Positions per room that are recognised: more than the entries a node keeps by default."""
_MOST_ENTERED = 2000
"""Members per room whose entering is remembered; nodes announce those of smaller rooms only."""


class RoomReadState(Struct):
    """The read state of one room, or of the inbox.

    A ``quiet`` room does not announce everybody who enters. A ``left`` is shown there only for a
    member in ``entered``, whose entering was announced.
    """

    position: str | None = None
    seen: dict[str, None] = field(default_factory=dict)
    quiet: bool = False
    entered: set[str] = field(default_factory=set)

    def read(self, position: str) -> bool:
        """Mark an entry as delivered; return whether it is new."""
        if position in self.seen:
            return False
        self.seen[position] = None
        if len(self.seen) > _REMEMBERED:
            del self.seen[next(iter(self.seen))]
        self.position = position
        return True


class ReadState:
    """The rooms of a session in the order of joining, and its inbox."""

    def __init__(self, positions: Mapping[str, str]) -> None:
        self.were_entered = False
        self._earlier = dict(positions)
        self._inbox = RoomReadState(self._earlier.pop(INBOX, None))
        self._rooms: dict[str, RoomReadState] = {}

    @property
    def rooms(self) -> list[str]:
        """The rooms we are in."""
        return list(self._rooms)

    def positions(self) -> dict[str, str]:
        """Return the last position read of each room, and of the inbox as ``@``."""
        states = {INBOX: self._inbox, **self._rooms}
        known = {name: state.position for name, state in states.items()}
        return self._earlier | {name: where for name, where in known.items() if where is not None}

    def enter(self, event: Joined) -> None:
        """Note that we joined or rejoined a room: its entries follow after that position.

        After a handover the previous connection may have delivered more than that already.
        """
        self.were_entered = True
        self._earlier.pop(event.room, None)
        state = self._rooms.setdefault(event.room, RoomReadState())
        state.read(event.position)
        state.quiet = event.quiet

    def may_enter(self, room: str) -> bool:
        """Return whether a node may put us into a room that we did not ask for."""
        return room in self._rooms or len(self._rooms) < limits.ROOMS

    def leave(self, room: str) -> None:
        """Note that we left a room, and forget its read state."""
        self._rooms.pop(room, None)
        self._earlier.pop(room, None)

    def deliver(self, room: str, position: str) -> bool:
        """Mark an entry of a room (``@``: the inbox) as delivered; return whether it is new.

        Entries of rooms that we are not in are not.
        """
        state = self._state(room)
        return state is not None and state.read(position)

    def saw_enter(self, room: str, nick: str) -> None:
        """Note that a member's entering was announced."""
        state = self._rooms.get(room)
        if state and len(state.entered) < _MOST_ENTERED:
            state.entered.add(nick)

    def saw_leave(self, room: str, nick: str) -> bool:
        """Note that a member left; return whether to show it."""
        state = self._rooms.get(room)
        if state is None:
            return True
        announced = nick in state.entered
        state.entered.discard(nick)
        return announced or not state.quiet

    def saw_rename(self, room: str, old: str, new: str) -> None:
        """Note the new nick of a member."""
        state = self._rooms.get(room)
        if state and old in state.entered:
            state.entered.remove(old)
            state.entered.add(new)

    def _state(self, room: str) -> RoomReadState | None:
        return self._inbox if room == INBOX else self._rooms.get(room)
