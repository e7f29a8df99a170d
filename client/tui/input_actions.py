"""Carries out typed lines: messages, requests, searches."""

from collections.abc import Callable

from msgspec.structs import replace

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.text.pieces import pieces
from client.text.sanitize import safe_line, safe_word
from client.tui import commands, help_text
from client.tui.buffers import PERSON, Buffers
from client.tui.filters import Filters
from client.tui.link_list import LinkList
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.rows import Anchor, Kind, Mark, Row
from client.tui.unsent import Unsent
from wire import limits
from wire import messages as m

ROWS_BELOW = 3
"""Rows that are shown below one that was found."""


class InputActions:
    """Carries out typed lines; errors are shown in the current buffer.

    ``copy`` puts a text into the clipboard.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        notices: Notices,
        lookups: Lookups,
        unsent: Unsent,
        filters: Filters,
        now_ms: Callable[[], int],
        copy: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.word = ""
        """The text of the last search."""
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._lookups = lookups
        self._unsent = unsent
        self._filters = filters
        self._now_ms = now_ms
        self._links = LinkList(notices, copy)
        self._found: Row | None = None
        self._warned = False

    def take(self, line: str) -> bool:
        """Carry out a line; return False to quit."""
        try:
            go_on = True
            for meaning in self._meanings(line):
                go_on = self._do(meaning)
            self._lookups.look()
            return go_on
        except (commands.CommandError, ChatError) as error:
            self._report(str(error))
            return True

    def _meanings(self, line: str) -> list[commands.Meaning]:
        """Return the meaning of a line; a message that is too long is several (see Entering)."""
        try:
            return [commands.parse(line, self._room)]
        except commands.TooLong as long:
            parts = pieces(long.request.text, limits.TEXT)
            return [replace(long.request, text=part) for part in parts]

    def _report(self, trouble: str) -> None:
        self._buffers.current.scroll_to(None)  # so that the error is visible
        self._notices.error(trouble)

    @property
    def _room(self) -> str | None:
        """The room or person of the current buffer, where messages go by default."""
        return self._buffers.current.name or None

    def _do(self, meaning: commands.Meaning) -> bool:
        if isinstance(meaning, m.Quit):
            return not self.may_leave()
        self._warned = False
        if not isinstance(meaning, commands.Search | m.GetHistory | None):
            self._buffers.current.scroll_to(None)  # so that the answer is visible
        if isinstance(meaning, commands.ShowHelp):
            self._notices.notice("\n".join(help_text.keys() if meaning.keys else help_text.commands()))
        elif isinstance(meaning, commands.Retry):
            self._retry()
        elif isinstance(meaning, commands.Search):
            self._search(meaning.word)
        elif isinstance(meaning, commands.Links):
            self._show_links(meaning.number)
        elif isinstance(meaning, m.GetHistory):
            self._history(meaning.limit or commands.HISTORY_SHOWN)
        elif isinstance(meaning, m.Send | m.SendDirect):
            self._say(meaning)
        elif isinstance(meaning, m.Leave | m.ListMembers) and meaning.room.startswith(PERSON):
            self._about_person(meaning)
        elif isinstance(meaning, m.Join) and self._is_in(meaning.room):
            self._buffers.turn_to(meaning.room)
        elif meaning is not None:
            self._chat.ask(meaning)
        return True

    def _is_in(self, room: str) -> bool:
        buffer = self._buffers.get(room)
        return buffer is not None and buffer.name in self._chat.rooms

    def may_leave(self) -> bool:
        """Return whether to quit; warn once while messages are not delivered."""
        unsent = len(self._unsent)
        if not unsent or self._warned:
            return True
        self._warned = True
        what = "1 message is" if unsent == 1 else f"{unsent} messages are"
        self._notices.error(f"{what} not delivered yet; leave again to quit anyway.")
        return False

    # Sending

    def _say(self, message: m.Send | m.SendDirect) -> None:
        if isinstance(message, m.Send) and message.room.startswith(PERSON):
            nick = message.room.removeprefix(PERSON)
            message = m.SendDirect(to=nick, text=message.text, kind=message.kind)
        self._chat.post(message)
        row = Row(
            Kind.ACTION if message.kind == "action" else Kind.MESSAGE,
            message.text,
            self._chat.nick,
            self._now_ms(),
            id=message.id,
            mark=Mark.PENDING,
            mine=True,
        )
        name = message.room if isinstance(message, m.Send) else PERSON + message.to
        buffer = self._buffers.open(name)
        if isinstance(message, m.SendDirect) and buffer is not self._buffers.current:
            self._notices.notice(f"To {safe_word(message.to)} only: {row.spoken}")
        self._unsent.add(buffer, row)

    def _retry(self) -> None:
        """Resend undelivered messages of this buffer, in order and with the same ids."""
        buffer = self._buffers.current
        rows = buffer.failed()
        if not rows:
            raise commands.CommandError("There are no undelivered messages here.")
        for row in rows:
            kind: m.Kind | None = "action" if row.kind is Kind.ACTION else None
            if (nick := buffer.person) is not None:
                self._chat.post(m.SendDirect(to=nick, text=row.text, id=row.id, kind=kind))
            else:
                self._chat.post(m.Send(room=buffer.name, text=row.text, id=row.id, kind=kind))
            buffer.take_failed(row)
            self._unsent.add(buffer, row)

    # Reading

    def _about_person(self, meaning: m.Leave | m.ListMembers) -> None:
        if isinstance(meaning, m.Leave):
            self._buffers.close(meaning.room)
        else:
            nick = safe_word(meaning.room.removeprefix(PERSON))
            self._notices.notice(f"Only you and {nick} are here.")

    def _show_links(self, number: int | None) -> None:
        if number is None:
            self._links.show(self._buffers.current)
        else:
            self._links.copy(self._buffers.current, number)

    def _history(self, count: int) -> None:
        """Fetch older messages, and scroll to the first of them."""
        buffer = self._buffers.current
        if buffer.is_whole or buffer.person is not None:
            buffer.scroll_to(None)
            self._notices.notice("There are no older messages.")
            return

        def show(rows: list[Row]) -> None:
            if rows:
                buffer.scroll_to(Anchor(buffer.rows[0]))
            else:
                self._notices.notice("No older messages are available.", buffer)

        self._lookups.fetch_older(buffer, count, show)

    def _search(self, word: str) -> None:
        """Scroll to the next older row that contains a word; fetch older rows until one does."""
        buffer = self._buffers.current
        if word.casefold() != self.word.casefold():
            self._found = None
        self.word = word
        rows = buffer.everything
        end = rows.index(self._found) if self._found in rows else len(rows)
        for place in range(end - 1, -1, -1):
            row = rows[place]
            if row.is_message and word.casefold() in f"{row.nick} {row.text}".casefold():
                self._found = row
                buffer.scroll_to(Anchor(rows[min(place + ROWS_BELOW, len(rows) - 1)]))
                return
        if buffer.is_whole or buffer.person is not None:
            self._report(f"No older message here contains {safe_line(word)}.")
            return
        oldest = buffer.oldest

        def again(rows: list[Row]) -> None:
            if buffer is self._buffers.current and (buffer.oldest != oldest or buffer.is_whole):
                self._search(word)

        self._lookups.fetch_older(buffer, limits.HISTORY, again)
