"""Where a session is and how far it has read: rooms and the inbox. Pure."""

from collections.abc import Mapping

from msgspec import Struct, field

from wire.messages import INBOX, Joined

_REMEMBERED = 2000
"""Positions per room that are recognised: more than a node keeps of one, by its default."""


class RoomReadState(Struct):
    """What is known of one room, or of the inbox.

    ``quiet`` rooms do not announce everyone who enters, so of those who leave only ``entered``
    ones are news.
    """

    position: str | None = None
    seen: dict[str, None] = field(default_factory=dict)
    quiet: bool = False
    entered: set[str] = field(default_factory=set)

    def read(self, position: str) -> bool:
        """Take an entry as delivered; return whether it is new."""
        if position in self.seen:
            return False
        self.seen[position] = None
        if len(self.seen) > _REMEMBERED:
            del self.seen[next(iter(self.seen))]
        self.position = position
        return True


class ReadState:
    """All rooms of a session in the order of entering, and its inbox."""

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
        places = {INBOX: self._inbox, **self._rooms}
        known = {name: place.position for name, place in places.items()}
        return self._earlier | {name: place for name, place in known.items() if place is not None}

    def enter(self, event: Joined) -> None:
        """We are in a room (perhaps once more): what comes of it comes after that position.

        Who comes over from a connection that still delivers may have read further meanwhile.
        """
        self.were_entered = True
        self._earlier.pop(event.room, None)
        place = self._rooms.setdefault(event.room, RoomReadState())
        place.read(event.position)
        place.quiet = event.quiet

    def leave(self, room: str) -> None:
        """We are no longer in a room; a later return begins anew."""
        self._rooms.pop(room, None)
        self._earlier.pop(room, None)

    def deliver(self, room: str, position: str) -> bool:
        """Take an entry of a room (``@``: the inbox) as delivered; return whether it is new."""
        place = self._place(room)
        return place is None or place.read(position)

    def saw_enter(self, room: str, nick: str) -> None:
        """Somebody was announced."""
        if place := self._rooms.get(room):
            place.entered.add(nick)

    def saw_leave(self, room: str, nick: str) -> bool:
        """Somebody left; return whether that is news to who reads the room."""
        place = self._rooms.get(room)
        if place is None:
            return True
        announced = nick in place.entered
        place.entered.discard(nick)
        return announced or not place.quiet

    def saw_rename(self, room: str, old: str, new: str) -> None:
        """Somebody who may have been announced has another nick."""
        place = self._rooms.get(room)
        if place and old in place.entered:
            place.entered.remove(old)
            place.entered.add(new)

    def _place(self, room: str) -> RoomReadState | None:
        return self._inbox if room == INBOX else self._rooms.get(room)
