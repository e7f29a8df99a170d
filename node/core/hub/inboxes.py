"""The inboxes of the sessions here, and directs that come before their session is known.

An inbox is a room of one member, whose frames come by the node's own channel. It is followed from
its first direct on.
"""

from collections.abc import Mapping

from node.core.entries import START, Frame, Position
from node.core.hub.expiring import Expiring
from node.core.log_names import inbox_log, inbox_session, is_inbox
from node.core.rooms.followed import FollowedRooms
from node.core.rooms.room import Room, RoomMember
from node.core.session.connection import ClientConnection
from node.core.session.states import State


class Inboxes:
    """Follows the inboxes of the sessions in ``holders``, which maps them to connections."""

    def __init__(self, rooms: FollowedRooms, holders: Mapping[str, ClientConnection]) -> None:
        self._rooms = rooms
        self._holders = holders
        self._early: Expiring[str] = Expiring()

    def open(self, connection: ClientConnection, top: Position, start: Position) -> Room:
        """Follow an inbox after ``top``; its client reads on where it was, or after ``start``."""
        session = connection.session
        room = self._rooms.inbox(session.token.session, top)
        member = RoomMember(connection, room, "")
        session.follow_inbox(member)
        room.add(member, start, session.inbox_from)
        return room

    def receive(self, frame: Frame, now: float) -> Room | None:
        """Return the inbox that a frame is for: its first one, or one that is too early."""
        if not is_inbox(frame.log):
            return None
        if (connection := self._holders.get(inbox_session(frame.log))) is None:
            # This may overtake the reply that gives us the session.
            self._early.add(frame.log, now)
            return None
        start = Position(frame.epoch, 0, b"0")
        return self.open(connection, start, start)

    def seated(self, connection: ClientConnection) -> None:
        """A session has got its rooms: a direct that came too early is read now."""
        log = inbox_log(connection.session.token.session)
        if self._early.pop(log):
            self.look_up(log)

    def look_up(self, log: str) -> None:
        """Read an inbox, whatever this node knows of it, if its session is here."""
        if (room := self._rooms.by_log.get(log)) is not None:
            room.sync()
        elif is_inbox(log) and (connection := self._holders.get(inbox_session(log))) is not None:
            self.open(connection, START, START).sync()

    def unseen(self) -> list[str]:
        """Return the logs of sessions here whose inbox has not been looked at yet."""
        return [
            inbox_log(session)
            for session, connection in self._holders.items()
            if connection.session.inbox is None and connection.state is State.WELCOME
        ]

    def tick(self, now: float) -> None:
        """Forget directs that came too early for a session that did not come here."""
        self._early.tick(now)
