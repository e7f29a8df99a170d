"""Names of logs: one for each room, and one for the inbox of each session.

A log's name is stored in Redis, travels in frames, and is the key under which a node follows it.
"""

_ROOM = "r:"
_INBOX = "i:"


def room_log(room: str) -> str:
    """Return the name of a room's log."""
    return _ROOM + room


def inbox_log(session: str) -> str:
    """Return the name of the log with a session's directs."""
    return _INBOX + session


def is_room(log: str) -> bool:
    """Say whether a log is that of a room."""
    return log.startswith(_ROOM)


def is_inbox(log: str) -> bool:
    """Say whether a log is the inbox of a session."""
    return log.startswith(_INBOX)


def room_name(log: str) -> str:
    """Return the room that a log belongs to, given that it is a room's."""
    return log[len(_ROOM) :]


def inbox_session(log: str) -> str:
    """Return the session that a log belongs to, given that it is an inbox."""
    return log[len(_INBOX) :]
