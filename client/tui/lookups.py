"""What the screen asks the nodes by itself: members, and messages further up."""

from collections.abc import Callable

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.protocol.events import Then
from client.text.event_text import phrase
from client.tui.buffers import Buffer, Buffers
from client.tui.notices import Notices
from client.tui.rows import Row, said
from client.tui.unsent import Unsent
from wire import messages as m

CONTEXT = 50
"""Past messages that are shown of a room that was just entered."""
PAGE = 100
"""Messages that are fetched at a time when one reads on above the oldest."""


class Lookups:
    """Fills the buffers with what the nodes know; only failures are shown as such."""

    def __init__(self, chat: Chat, buffers: Buffers, notices: Notices, unsent: Unsent) -> None:
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._unsent = unsent

    def request(self, request: m.Request, then: Then | None = None) -> None:
        """Ask the node. With ``then``, only that gets the answer, also if it is an error."""
        try:
            self._chat.ask(request, then)
        except ChatError as error:  # A node may make up names that no request can hold.
            self._notices.trouble(str(error))

    def look(self) -> None:
        """Ask for what a room needs that is looked at for the first time.

        Asking for all rooms at once would be too much for the nodes' limit of requests.
        """
        buffer = self._buffers.current
        if buffer.name in self._chat.rooms and buffer.is_first_look():
            self._ask_members(buffer, None)
            self.fetch_older(buffer, CONTEXT, lambda rows: None)

    def _ask_members(self, buffer: Buffer, after: str | None) -> None:
        """Find out who is here: their nicks can be completed then."""

        def take(event: m.AnyEvent) -> None:
            if isinstance(event, m.Members):
                for nick in event.members:
                    buffer.came(nick)
                if event.more and event.members:
                    self._ask_members(buffer, event.members[-1])

        self.request(m.ListMembers(room=buffer.name, after=after), take)

    def fetch_older(self, buffer: Buffer, limit: int, then: Callable[[list[Row]], None]) -> None:
        """Fetch messages from before the oldest one here; ``then`` gets the new rows."""
        if buffer.is_whole or buffer.person is not None or not buffer.name:
            return
        is_first = not buffer.is_fetching
        buffer.await_older(then)
        if not is_first:
            return  # It is on its way.

        def take(event: m.AnyEvent) -> None:
            if isinstance(event, m.History):
                buffer.put_before(self._past(buffer, event), event.more)
            else:
                buffer.give_up_older()
                self._notices.trouble(phrase(event) or "")

        self.request(m.GetHistory(room=buffer.name, before=buffer.oldest, limit=limit), take)

    def _past(self, buffer: Buffer, event: m.History) -> list[Row]:
        """Return the rows of past messages that are not here already, nor on their way here."""
        known = buffer.positions
        return [
            said(past, self._chat.nick)
            for past in event.messages
            if past.position not in known and past.id not in self._unsent
        ]
