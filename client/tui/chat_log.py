"""Which events go to the logs of rooms and people, and as which lines. Pure."""

from collections.abc import Callable

from msgspec.structs import replace

from client.api.chat import Chat
from client.cli.line_format import LineFormat, render
from client.protocol.events import Disconnected
from client.text.theme import Theme
from client.tui.buffers import PERSON, Buffers
from client.tui.filters import Filters
from client.tui.rows import Kind
from wire import messages as m

SENT_BEFORE = 50
"""Rows among which a message is looked for that was just acknowledged."""


class ChatLog:
    """Writes what is said, and who comes and goes, except what the user ignores.

    ``write`` gets the name of a buffer and a line. ``clock`` returns Unix milliseconds. There is
    nothing else in the logs: no tokens, no passwords, no requests.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        filters: Filters,
        write: Callable[[str, str], None],
        clock: Callable[[], int],
        theme: Theme | None = None,
    ) -> None:
        self._chat = chat
        self._buffers = buffers
        self._filters = filters
        self._write = write
        self._clock = clock
        self._form = LineFormat(theme or Theme())

    def take(self, event: m.AnyEvent | Disconnected) -> None:
        """Log an event, after it was shown."""
        if isinstance(event, m.Ack):
            self._sent(event)
        elif isinstance(event, m.Direct):
            if not self._filters.is_ignored(event.from_):
                self._add(PERSON + event.from_, event)
        elif isinstance(event, m.Message):
            if not self._filters.is_ignored(event.from_):
                self._add(event.room, event)
        elif isinstance(event, m.Entered | m.Left):
            if isinstance(event, m.Left) and event.at is None:  # no entry of the room
                event = replace(event, at=self._clock())
            if not self._filters.is_ignored(event.nick):
                self._add(event.room, event)
        elif isinstance(event, m.Renamed) and event.room is not None:
            if not self._filters.is_ignored(event.nick):
                self._add(event.room, event)

    def _sent(self, event: m.Ack) -> None:
        """Log a direct of our own, which no event brings back."""
        if event.to is None or event.to == self._chat.nick:
            return
        buffer = self._buffers.get(PERSON + event.to)
        rows = buffer.rows[-SENT_BEFORE:] if buffer is not None else []
        for row in rows:
            if row.id == event.id:
                kind: m.Kind = "action" if row.kind is Kind.ACTION else "say"
                direct = m.Direct(
                    position=event.position,
                    at=event.at,
                    from_=self._chat.nick,
                    to=event.to,
                    text=row.text,
                    kind=kind,
                )
                self._add(PERSON + event.to, direct)

    def _add(self, name: str, event: m.AnyEvent) -> None:
        if (line := render(event, self._form)) is not None:
            self._write(name, line)
