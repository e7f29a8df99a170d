"""Requests that the screen makes by itself: members and older messages."""

from collections.abc import Callable

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.protocol.events import Then
from client.text.event_text import phrase
from client.tui.buffers import Buffer, Buffers
from client.tui.filters import Filters
from client.tui.notices import Notices
from client.tui.rows import Row
from client.tui.unsent import Unsent
from wire import messages as m

CONTEXT = 50
"""Past messages that are shown in a room that was just joined."""
PAGE = 100
"""Messages that are fetched at a time when the user scrolls up."""


class Lookups:
    """Fetches members and older messages into the buffers; only failures are shown."""

    def __init__(
        self, chat: Chat, buffers: Buffers, notices: Notices, unsent: Unsent, filters: Filters
    ) -> None:
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._unsent = unsent
        self._filters = filters

    def request(self, request: m.Request, then: Then | None = None) -> bool:
        """Make a request; return whether it could be made, after showing why not.

        ``then`` gets the answer, also an error, instead of the screen.
        """
        try:
            self._chat.ask(request, then)
        except ChatError as error:  # A name from a hostile node may be too long for a request.
            self._notices.error(str(error))
            return False
        return True

    def look(self) -> None:
        """Fetch what the current room needs: at first all, later the people if they changed.

        Fetching for all rooms at once would exceed the nodes' rate limit.
        """
        buffer = self._buffers.current
        if buffer.name not in self._chat.rooms:
            return
        if buffer.is_first_look():
            self._ask_members(buffer, None)
            self.fetch_older(buffer, CONTEXT, lambda rows: None)
        elif buffer.people.is_stale:
            self._ask_members(buffer, None)

    def _ask_members(self, buffer: Buffer, after: str | None) -> None:
        """Fetch the members, for the list of people and the completion of nicks."""
        buffer.people.asked()

        def take(event: m.AnyEvent) -> None:
            if isinstance(event, m.Members):
                for nick in event.members:
                    buffer.came(nick)
                more = event.more and bool(event.members)
                if buffer.people.listed(event.members, is_first=after is None, more=more):
                    self._ask_members(buffer, event.members[-1])

        self.request(m.ListMembers(room=buffer.name, after=after), take)

    def fetch_older(self, buffer: Buffer, limit: int, then: Callable[[list[Row]], None]) -> None:
        """Fetch messages before the oldest one of a buffer; ``then`` gets the new rows."""
        if buffer.is_whole or buffer.person is not None or not buffer.name:
            return
        is_first = not buffer.is_fetching
        buffer.await_older(then)
        if not is_first:
            return  # requested already

        def take(event: m.AnyEvent) -> None:
            if isinstance(event, m.History):
                oldest = event.messages[0].position if event.messages else None
                buffer.put_before(self._past(buffer, event), event.more, oldest)
            else:
                buffer.give_up_older()
                self._notices.error(phrase(event) or "")

        request = m.GetHistory(room=buffer.name, before=buffer.oldest, limit=limit)
        if not self.request(request, take):
            buffer.give_up_older()

    def _past(self, buffer: Buffer, event: m.History) -> list[Row]:
        """Return the rows of past messages that are not shown yet, also not as our own."""
        known = buffer.positions
        return [
            self._filters.row(past, self._chat.nick)
            for past in event.messages
            if past.position not in known
            and past.id not in self._unsent
            and buffer.own(past.id or "") is None
            and not self._filters.is_ignored(past.from_)
        ]
