"""Whether a filter is still in a room that it is for. Pure."""

from client.api.chat import Chat
from client.protocol.errors import ChatError, is_passing
from client.protocol.events import Received
from client.protocol.greeting import HELLO
from client.protocol.names import fold
from client.text.event_text import phrase, removed
from wire import messages as m


class RoomLost(ChatError):
    """The filter is in no room any more that it is for."""


class PresentIn:
    """The rooms of a filter that it is in: all that it has joined, or the ``only`` one."""

    def __init__(self, chat: Chat, only: str | None = None) -> None:
        self._chat = chat
        self._only = only
        self._rooms = set() if only is None else {fold(only)}

    @property
    def is_anywhere(self) -> bool:
        """Whether a room is left."""
        return bool(self._rooms)

    def lost(self, received: Received) -> str | None:
        """Return how an event ended the presence in a room, in a sentence; None if it did not."""
        event = received.event
        if isinstance(event, m.Joined) and self._only is None:
            self._rooms.add(fold(event.room))
        elif isinstance(event, m.Left) and self._is_removal(event):
            self._rooms.discard(fold(event.room))
            return removed(event)
        elif isinstance(event, m.Error) and event.ref == HELLO and event.room is not None:
            if not (is_passing(event) or received.is_end):
                self._rooms.discard(fold(event.room))
                return phrase(event)
        return None

    def _is_removal(self, event: m.Left) -> bool:
        # A closed room has no positions, and tells each member of itself alone.
        ours = event.position is None or event.nick == self._chat.nick
        return ours and event.reason == "kicked"
