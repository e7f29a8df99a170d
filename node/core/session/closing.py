"""How a connection ends, and what its end still waits for. Pure: it is told the time."""

from node.core.rooms.room import RoomMember
from wire.errors import Code, Reason

QUIT_WITHIN = 3.0
"""Seconds for the broker to confirm a `quit`; after that the client gets its `bye` without it."""
LEFT_BEFORE = 1.0
"""Seconds before the deadline of a `leave` at which it is answered, whatever is still missing."""


class Closing:
    """What is known of the end of a connection.

    ``reason`` is that of its `bye`, ``fault`` the code of the error that ended it. ``quit_ref`` is
    the ``ref`` of the client's `quit`. ``retry_after_ms`` is for a client that the node asks to go.
    A client that leaves a room stays a member until it has got all that came before its own `left`.
    """

    __slots__ = ("reason", "fault", "quit_ref", "retry_after_ms", "_quit_by", "_member", "_left_by")

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self.fault: Code | None = None
        self.quit_ref: str | None = None
        self.retry_after_ms = 0
        self._quit_by: float | None = None
        self._member: RoomMember | None = None
        self._left_by = 0.0

    def begin_quit(self, now: float, ref: str | None = None) -> None:
        """The client ends its session; the broker is told, now or when it has the session."""
        self.quit_ref, self._quit_by = ref, now + QUIT_WITHIN

    @property
    def has_quit(self) -> bool:
        """Whether the client has quit."""
        return self._quit_by is not None

    def begin_drain(self, retry_after_ms: int) -> None:
        """The node asks the client to go, once its requests are answered."""
        self.retry_after_ms = retry_after_ms

    def begin_leave(self, member: RoomMember, deadline: float) -> None:
        """The client leaves a room; that has to be answered by a deadline."""
        self._member, self._left_by = member, deadline - LEFT_BEFORE

    def end_leave(self) -> None:
        """The client has left the room."""
        self._member = None

    def fail(self, fault: Code) -> None:
        """An error of the client's ends the connection."""
        self.fault = fault

    def end(self, reason: Reason) -> None:
        """The connection has got its `bye`."""
        self.reason = reason

    def is_quit_overdue(self, now: float) -> bool:
        """Say whether the client must not wait for the broker any longer."""
        return self._quit_by is not None and now >= self._quit_by

    def overdue_member(self, now: float) -> RoomMember | None:
        """Return the member that has to be let go now, though it has not got everything."""
        return self._member if now >= self._left_by else None
