"""The connections of a node, and which of them holds which session."""

from node.core.entries import Position
from node.core.hub.expiring import Expiring
from node.core.hub.inboxes import Inboxes
from node.core.interfaces import Encoder, Transport
from node.core.model import FencingToken
from node.core.session.connection import ClientConnection
from node.core.session.services import Services
from wire.errors import Reason


class Registry:
    """Knows every connection of the node; ``holders`` maps a session's id to its connection."""

    def __init__(self, services: Services) -> None:
        self.connections: dict[ClientConnection, None] = {}
        self.holders: dict[str, ClientConnection] = {}
        self.inboxes = Inboxes(services.rooms, self.holders)
        self._services = services
        self._moved: Expiring[FencingToken] = Expiring()

    def connect(self, transport: Transport, encoder: Encoder) -> ClientConnection:
        """Take a new connection."""
        connection = ClientConnection(self._services, self, transport, encoder)
        self.connections[connection] = None
        return connection

    def disconnect(self, connection: ClientConnection) -> None:
        """Forget a connection, and the session with it."""
        self.connections.pop(connection, None)
        session = connection.session.token.session
        if self.holders.get(session) is connection:
            del self.holders[session]
            # An inbox may end with its session; it must not be taken for one that was forgotten.
            self._services.rooms.drop_inbox(session)

    def hold(self, connection: ClientConnection, resumed: bool) -> None:
        """A connection has got its session: an older one that holds it here is replaced."""
        session = connection.session.token.session
        if (older := self.holders.get(session)) is not None:
            older.end(Reason.REPLACED)
        self.holders[session] = connection
        self._services.counts.resumes += resumed

    def open_inbox(self, connection: ClientConnection, top: Position, start: Position) -> None:
        """Follow an inbox after ``top``; its client reads on where it was, or after ``start``."""
        self.inboxes.open(connection, top, start)

    def seated(self, connection: ClientConnection) -> None:
        """A session has got its rooms, and its inbox if it has one."""
        self.inboxes.seated(connection)

    def move(self, token: FencingToken) -> None:
        """A session went on in another connection."""
        connection = self.holders.get(token.session)
        if connection is not None and connection.session.token == token:
            connection.end(Reason.REPLACED)
        else:
            # This may overtake the reply that gives us the session.
            self._moved.add(token, self._services.now)

    def has_moved(self, token: FencingToken) -> bool:
        """Say whether a session that is just being taken went on elsewhere meanwhile."""
        return token in self._moved

    def tick(self, now: float) -> None:
        """Forget what overtook no claim."""
        self._moved.tick(now)
        self.inboxes.tick(now)
