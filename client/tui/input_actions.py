"""Carries out typed lines: messages, requests, searches."""

from collections.abc import Callable

from msgspec.structs import replace

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.protocol.names import fold
from client.text.pieces import pieces
from client.text.sanitize import safe_word
from client.tui import commands
from client.tui.buffers import PERSON, Buffers
from client.tui.filters import Filters
from client.tui.leaving import Leaving, hint, warning
from client.tui.link_list import LinkList
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.reading import Reading
from client.tui.rows import Kind, Mark, Row
from client.tui.unsent import Unsent
from wire import limits
from wire import messages as m


class InputActions:
    """Carries out typed lines; errors are shown in the current buffer.

    ``copy`` puts a text into the clipboard; ``keeps_unsent`` returns whether the next start gets
    what is not delivered at the end.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        notices: Notices,
        lookups: Lookups,
        unsent: Unsent,
        filters: Filters,
        reading: Reading,
        now_ms: Callable[[], int],
        copy: Callable[[str], None] = lambda text: None,
        keeps_unsent: Callable[[], bool] = lambda: False,
    ) -> None:
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._lookups = lookups
        self._unsent = unsent
        self._filters = filters
        self._reading = reading
        self._now_ms = now_ms
        self._keeps_unsent = keeps_unsent
        self._links = LinkList(notices, copy)
        self._warned = False
        self._leaving = Leaving()

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

    def press(self, key: str, now: float, *, is_empty: bool) -> bool:
        """Return whether a key, pressed at a time in seconds, ends the client; say how it would."""
        if self._leaving.press(now, is_empty=is_empty):
            return True
        self._buffers.current.scroll_to(None)  # so that the notice is visible
        self._notices.notice(hint(key, len(self._unsent), self._keeps_unsent()))
        return False

    def _report(self, trouble: str) -> None:
        self._buffers.current.scroll_to(None)  # so that the error is visible
        self._notices.error(trouble)

    @property
    def _room(self) -> str | None:
        """The room or person of the current buffer, where messages go by default."""
        return self._buffers.current.name or None

    def _do(self, meaning: commands.Meaning) -> bool:
        if isinstance(meaning, m.Quit):
            return not self._may_leave()
        self._warned = False
        if not isinstance(meaning, commands.READING):
            self._buffers.current.scroll_to(None)  # so that the answer is visible
            self._reading.end()
        if isinstance(meaning, commands.ShowHelp):
            self._help(meaning.keys)
        elif isinstance(meaning, commands.Retry):
            self._retry()
        elif isinstance(meaning, commands.Search):
            self._reading.search(meaning.word)
        elif isinstance(meaning, commands.SearchStep):
            self._reading.step(meaning.steps)
        elif isinstance(meaning, commands.SearchBack):
            if not self._reading.back():
                raise commands.CommandError("There is no search here to return from.")
        elif isinstance(meaning, commands.Links):
            self._show_links(meaning.number)
        elif isinstance(meaning, m.GetHistory):
            self._reading.history(meaning.limit or commands.HISTORY_SHOWN)
        elif isinstance(meaning, commands.Ignore):
            self._ignore(meaning)
        elif isinstance(meaning, m.Send | m.SendDirect):
            self._say(meaning)
        elif isinstance(meaning, m.Leave | m.ListMembers) and meaning.room.startswith(PERSON):
            self._about_person(meaning)
        elif isinstance(meaning, m.Join) and self._is_in(meaning.room):
            self._buffers.turn_to(meaning.room)
        elif meaning is not None:
            self._lookups.ask(meaning)
            if not self._chat.is_connected:
                self._notices.notice("There is no connection now: the command waits for it.")
        return True

    def _is_in(self, room: str) -> bool:
        buffer = self._buffers.get(room)
        return buffer is not None and buffer.name in self._chat.rooms

    def _may_leave(self) -> bool:
        """Return whether to quit; warn once while messages are not delivered."""
        unsent = len(self._unsent)
        if not unsent or self._warned:
            return True
        self._warned = True
        self._notices.error(warning(unsent, self._keeps_unsent()))
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
            said = f"To {safe_word(message.to)} only: {row.spoken}"
            self._buffers.current.add(Row(Kind.NOTICE, said, at=row.at, quotes=True))
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

    # The rest

    def _help(self, keys: bool) -> None:
        from client.tui import help_text  # not needed at the start

        self._notices.answer("\n".join(help_text.keys() if keys else help_text.commands()))

    def _ignore(self, meaning: commands.Ignore) -> None:
        nick = meaning.nick
        if nick is None:
            names = ", ".join(map(safe_word, self._filters.ignored)) or "nobody"
            self._notices.notice(f"Ignored: {names}.")
        elif meaning.ends:
            known = self._filters.unignore(nick)
            what = "is shown again" if known else "was not ignored"
            self._notices.notice(f"{safe_word(nick)} {what}.")
        elif fold(nick) == fold(self._chat.nick):
            self._notices.error("You cannot ignore yourself.")
        else:
            self._filters.ignore(nick)
            who = safe_word(nick)
            self._notices.notice(f"You see nothing more of {who}; /unignore {who} ends that.")

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
