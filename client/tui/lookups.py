"""Requests of the screen: those that were typed; members and older messages by itself."""

from collections.abc import Callable

from client.api.chat import Chat
from client.protocol.bounds import PAGES
from client.protocol.errors import ChatError
from client.protocol.events import Then
from client.text.event_text import phrase
from client.tui.buffers import MOST_NICKS, Buffer, Buffers
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
    """Makes the requests that are typed, and fetches members and older messages.

    Of what it fetches by itself, only failures are shown.
    """

    def __init__(
        self, chat: Chat, buffers: Buffers, notices: Notices, unsent: Unsent, filters: Filters
    ) -> None:
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._unsent = unsent
        self._filters = filters
        self._pages = 0
        self._typed: dict[str, m.Request] = {}
        """Requests that the user typed, by their ``ref``, until the answers are shown."""

    def ask(self, request: m.Request) -> None:
        """Make a request that the user typed. Raises ChatError."""
        self._pages = PAGES - 1
        self._chat.ask(request)
        self._typed[request.ref or ""] = request

    def asked(self, ref: str | None) -> m.Request | None:
        """Return the request that the user typed, if an answer with this ``ref`` is for one."""
        return self._typed.get(ref or "")

    def answered(self, ref: str | None) -> None:
        """Note that the answer to a request is shown."""
        self._typed.pop(ref or "", None)

    @property
    def room_to_enter(self) -> str | None:
        """The room that the user asked to enter, and whose answer is not shown yet."""
        entering = (ask.room for ask in self._typed.values() if isinstance(ask, m.Join | m.Create))
        return next(entering, None)

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

    def next_page(self, request: m.ListRooms | m.ListMembers) -> None:
        """Request the next page of a list for the screen; only so many after a command."""
        if self._pages > 0:
            self._pages -= 1
            self.request(request)
        else:
            self._notices.notice(f"There are more; only {PAGES} pages are shown.")

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

    def _ask_members(self, buffer: Buffer, after: str | None, pages: int = PAGES) -> None:
        """Fetch the members, for the list of people and the completion of nicks.

        At most so many pages.
        """
        buffer.people.asked()

        def take(event: m.AnyEvent) -> None:
            if isinstance(event, m.Members):
                for nick in event.members[:MOST_NICKS]:
                    buffer.came(nick)
                more = event.more and bool(event.members)
                goes_on = buffer.people.listed(event.members, is_first=after is None, more=more)
                if goes_on and pages > 1:
                    self._ask_members(buffer, event.members[-1], pages - 1)

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
