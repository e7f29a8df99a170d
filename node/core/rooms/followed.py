"""The logs that a node follows: of rooms, and of the inboxes of sessions."""

from node.core.config import Config, CoreCounts
from node.core.entries import Position
from node.core.interfaces import Broker, FanOut
from node.core.limits.token_bucket import TokenBucket
from node.core.log_names import inbox_log, is_inbox, is_room, room_log
from node.core.rooms.ring_budget import keep_within
from node.core.rooms.room import Room
from wire.messages import INBOX

LINGER = 5.0
"""Seconds for which a room without members here is still followed: they may come back."""


class FollowedRooms:
    """Follows rooms for as long as they have members here, and for a short time after that."""

    __slots__ = ("by_log", "_broker", "_fan_out", "_counts", "_config")

    def __init__(self, broker: Broker, fan_out: FanOut, counts: CoreCounts, config: Config) -> None:
        self.by_log: dict[str, Room] = {}
        self._broker = broker
        self._fan_out = fan_out
        self._counts = counts
        self._config = config

    def __len__(self) -> int:
        """Return how many rooms are followed, inboxes not counted."""
        return sum(is_room(log) for log in self.by_log)

    def get(self, name: str) -> Room | None:
        """Return a room, if it is followed."""
        return self.by_log.get(room_log(name))

    def room(self, name: str) -> Room:
        """Return a room, followed from now on."""
        log = room_log(name)
        if (room := self.by_log.get(log)) is None:
            room = self._follow(name, log)
            self._broker.watch(log)
        return room

    def inbox(self, session: str, top: Position) -> Room:
        """Follow the inbox of a session after ``top``."""
        room = self._follow(INBOX, inbox_log(session))
        room.begin(top)
        return room

    def _follow(self, name: str, log: str) -> Room:
        config = self._config
        pace = TokenBucket(*config.room_rate) if config.room_rate[0] else None
        room = Room(name, log, self._broker, self._fan_out, self._counts, config.kept, pace)
        self.by_log[log] = room
        return room

    def drop_inbox(self, session: str) -> None:
        """Follow the inbox of a session no longer."""
        self.by_log.pop(inbox_log(session), None)

    def drop(self, log: str) -> None:
        """Follow a log no longer."""
        del self.by_log[log]
        if is_room(log):
            self._broker.unwatch(log)

    def clear(self) -> None:
        """Follow nothing any more."""
        for log in list(self.by_log):
            self.drop(log)

    def tick(self, now: float, unhealed: bool) -> None:
        """Read again what may be missing, and drop what nobody here needs.

        ``unhealed``: others may still put back what the broker lost.
        """
        for log, room in list(self.by_log.items()):
            room.check()
            if not room.empty:
                continue
            if room.empty_since is None:
                room.mark_empty(now)
            elif room.unconfirmed is not None or unhealed:
                pass  # This node may be the only one that can put its entries back.
            elif now - room.empty_since >= LINGER or is_inbox(log):
                self.drop(log)
        rings = (ring for room in self.by_log.values() if (ring := room.ring) is not None)
        keep_within(self._config.remembered, rings)
