"""What becomes of a typed line: something said, something asked, something looked for."""

from collections.abc import Callable

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.text.sanitize import safe_line, safe_word
from client.tui import commands
from client.tui.buffers import PERSON, Anchor, Buffers
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.rows import Kind, Mark, Row
from client.tui.unsent import Unsent
from wire import limits
from wire import messages as m

ROWS_BELOW = 3
"""Rows that are shown below one that was looked for."""


class InputActions:
    """Does what a person asks for; what cannot be done is said where it was typed."""

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        notices: Notices,
        lookups: Lookups,
        unsent: Unsent,
        now_ms: Callable[[], int],
    ) -> None:
        self.word = ""
        """What was looked for last."""
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._lookups = lookups
        self._unsent = unsent
        self._now_ms = now_ms
        self._found: Row | None = None
        self._warned = False

    def take(self, line: str) -> bool:
        """Do what was typed; return whether to go on."""
        try:
            go_on = self._do(commands.parse(line, self._room))
            self._lookups.look()
            return go_on
        except (commands.CommandError, ChatError) as error:
            self._complain(str(error))
            return True

    def _complain(self, trouble: str) -> None:
        self._buffers.current.scroll_to(None)  # where it can be seen
        self._notices.trouble(trouble)

    @property
    def _room(self) -> str | None:
        """Where what is typed goes by default: the room, or the person, that is looked at."""
        return self._buffers.current.name or None

    def _do(self, meaning: commands.Meaning) -> bool:
        if isinstance(meaning, m.Quit):
            return not self.may_leave()
        self._warned = False
        if not isinstance(meaning, commands.Search | m.GetHistory | None):
            self._buffers.current.scroll_to(None)  # the answer comes at the end
        if isinstance(meaning, commands.ShowHelp):
            self._notices.notice("\n".join(commands.help_lines()))
        elif isinstance(meaning, commands.Retry):
            self._retry()
        elif isinstance(meaning, commands.Search):
            self._search(meaning.word)
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
        """Say whether one may go: not without a warning while something is not delivered yet."""
        unsent = len(self._unsent)
        if not unsent or self._warned:
            return True
        self._warned = True
        what = "1 message is" if unsent == 1 else f"{unsent} messages are"
        self._notices.trouble(f"{what} not delivered yet; leave again to quit anyway.")
        return False

    # Saying something

    def _say(self, message: m.Send | m.SendDirect) -> None:
        if isinstance(message, m.Send) and message.room.startswith(PERSON):
            nick = message.room.removeprefix(PERSON)
            message = m.SendDirect(to=nick, text=message.text, kind=message.kind)
        kind = Kind.ACTED if message.kind == "action" else Kind.SAID
        row = Row(kind, message.text, self._chat.nick, self._now_ms(), mine=True)
        row.mark = Mark.PENDING
        self._chat.post(message)
        row.id = message.id
        name = message.room if isinstance(message, m.Send) else PERSON + message.to
        buffer = self._buffers.open(name)
        if isinstance(message, m.SendDirect) and buffer is not self._buffers.current:
            self._notices.notice(f"To {safe_word(message.to)} only: {message.text}")
        self._unsent.add(buffer, row)

    def _retry(self) -> None:
        """Say again, under the same ids and in order, what could not be delivered here."""
        buffer = self._buffers.current
        rows = buffer.failed()
        if not rows:
            raise commands.CommandError("There are no undelivered messages here.")
        for row in rows:
            kind: m.Kind | None = "action" if row.kind is Kind.ACTED else None
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

    def _history(self, count: int) -> None:
        """Fetch so many older messages, and show them from the first one on."""
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
        """Show the next older row with a word; fetch older ones as long as there are any."""
        buffer = self._buffers.current
        if word.casefold() != self.word.casefold():
            self._found = None
        self.word = word
        rows = buffer.everything
        end = rows.index(self._found) if self._found in rows else len(rows)
        for place in range(end - 1, -1, -1):
            row = rows[place]
            if row.is_said and word.casefold() in f"{row.nick} {row.text}".casefold():
                self._found = row
                buffer.scroll_to(Anchor(rows[min(place + ROWS_BELOW, len(rows) - 1)]))
                return
        if buffer.is_whole or buffer.person is not None:
            self._complain(f"No older message here contains {safe_line(word)}.")
            return
        oldest = buffer.oldest

        def again(rows: list[Row]) -> None:
            if buffer is self._buffers.current and (buffer.oldest != oldest or buffer.is_whole):
                self._search(word)

        self._lookups.fetch_older(buffer, limits.HISTORY, again)
