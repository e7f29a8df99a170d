"""A screen without a terminal, whose chat only notes what is asked of it."""

from collections.abc import Callable

from client.api.chat import Chat
from client.protocol.errors import RequestRefused
from client.protocol.events import Then
from client.text.theme import Theme
from client.tui.buffers import Buffers
from client.tui.event_actions import EventActions
from client.tui.filters import Filters
from client.tui.input_actions import InputActions
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.reading import Reading
from client.tui.rows import Kind, Row
from client.tui.unsent import Unsent
from client.tui.viewport import Viewport
from wire import messages as m


class Asked:
    """A chat that only notes what is asked of it."""

    nick = "ana"
    is_connected = True

    def __init__(self) -> None:
        self.requests: list[m.Request] = []
        self.rooms = ["lab"]
        self._count = 0
        self.then: Then | None = None

    def post(self, message: m.Send | m.SendDirect) -> None:
        """Note a message; too long a nick is refused, as the chat does it."""
        if isinstance(message, m.SendDirect) and len(message.to) > 100:
            raise RequestRefused("line-too-long", "That is too long.")
        self._count += 1
        message.id = message.id or f"id-{self._count}"
        self.requests.append(message)

    def ask(self, request: m.Request, then: Then | None = None) -> None:
        """Note a request; too long a position is refused, as the chat does it."""
        if isinstance(request, m.GetHistory) and len(request.before or "") > 100:
            raise RequestRefused("line-too-long", "That is too long.")
        self._count += 1
        self.then = then
        request.ref = f"ref-{self._count}"
        self.requests.append(request)


class Screen:
    """What is typed, and what comes of it."""

    def __init__(self) -> None:
        self.chat = Asked()
        self.buffers = Buffers()
        chat: Chat = self.chat  # type: ignore[assignment]
        notices = Notices(self.buffers, int, lambda row: self.reading.start_of(row))
        self.unsent = Unsent()
        self.filters = Filters()
        self.lookups = Lookups(chat, self.buffers, notices, self.unsent, self.filters)
        parts = (chat, self.buffers, notices, self.lookups, self.unsent)
        self.reading = Reading(self.buffers, notices, self.lookups, self.view)
        self.events = EventActions(*parts, self.filters, float, lambda text, here: None)
        self.copied: list[str] = []
        self.typed = InputActions(*parts, self.filters, self.reading, int, copy=self.copied.append)
        self.take: Callable[[str], bool] = self.typed.take
        self.lab = self.buffers.open("lab")
        self.lab.is_first_look()

    def view(self) -> Viewport:
        """What a screen of 80 columns and 21 lines shows of the current buffer."""
        return Viewport(self.buffers.current, Theme(), 80, 21)

    def asked(self) -> m.Request:
        """Return the only request since the last time."""
        (request,) = self.chat.requests
        self.chat.requests.clear()
        return request

    def said(self, *texts: str) -> list[Row]:
        """Say something in the lab."""
        rows = [Row(Kind.MESSAGE, text, "bo", 0, text) for text in texts]
        for row in rows:
            self.lab.add(row)
        return rows

    def answer(self, *texts: str, more: bool) -> m.GetHistory:
        """Answer the only question for older messages, and return it."""
        request = self.asked()
        assert isinstance(request, m.GetHistory)
        past = [
            m.Past(room="lab", position=text, at=0, from_="bo", text=text, id=None)
            for text in texts
        ]
        history = m.History(ref=request.ref, room="lab", messages=past, more=more)
        self.events.show(history, self.chat.then)
        return request

    @property
    def notes(self) -> list[str]:
        """What the client itself said in the current buffer."""
        return [row.text for row in self.buffers.current.rows if not row.is_message]
