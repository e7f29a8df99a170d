"""How a client learns that a moderator has put it out of the system, or out of a room."""

from node.core.model import ModerationRule
from node.core.session.connection import ClientConnection
from wire.errors import Reason
from wire.messages import Left


def kick(connection: ClientConnection, rule: ModerationRule) -> None:
    """End a connection, and a session, that may not be here."""
    nick = connection.session.nick or None
    connection.transport.log("kicked by a moderator", nick, order=rule.kind)
    connection.end(Reason.KICKED, text=rule.why or None)


def send_closed(connection: ClientConnection, room: str, rule: ModerationRule) -> None:
    """Tell a client that its room is gone: there is no log any more to name a position in."""
    text = rule.why or None
    left = Left(room=room, nick=connection.session.nick, reason=Reason.KICKED, text=text)
    connection.send(left)
