"""What each event changes in the buffers of the screen."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from client.api.chat import Chat
from client.protocol.events import Disconnected, Then
from client.protocol.greeting import HELLO
from client.text.event_text import phrase, removed
from client.text.sanitize import safe_word
from client.tui.buffers import PERSON, Buffer, Buffers
from client.tui.filters import Filters
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.presence import Presence
from client.tui.rows import Kind, Row
from client.tui.unsent import Unsent
from wire import messages as m
from wire.errors import Code

FIRST_HINT = "/help lists commands and keys."
"""Shown once at the start; it fits one line of a screen of 40 columns."""

DIRECT_LINES = 2
"""Lines of a direct message that are shown in another window than the person's."""


class Logs(Struct, frozen=True):
    """The logs of rooms: what takes each event after it was shown, and the end of it."""

    take: Callable[[m.AnyEvent | Disconnected], None]
    finish: Callable[[], None]


class EventActions:
    """Updates the buffers; pure except for the clock that is passed in.

    ``clock`` is in seconds. ``alert`` is called when somebody mentions us, with a text, and whether
    that is in the current buffer. ``hint`` returns what else may be wrong without a connection.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        notices: Notices,
        lookups: Lookups,
        unsent: Unsent,
        filters: Filters,
        clock: Callable[[], float],
        alert: Callable[[str, bool], None],
        hint: Callable[[Disconnected], str] = lambda event: "",
    ) -> None:
        self.away_at: float | None = clock()
        self.was_welcomed = False
        self._chat = chat
        self._buffers = buffers
        self._notices = notices
        self._lookups = lookups
        self._unsent = unsent
        self._filters = filters
        self._presence = Presence(filters)
        self._clock = clock
        self._alert = alert
        self._hint = hint

    def show(self, event: m.AnyEvent | Disconnected, then: Then | None = None) -> None:
        """Show an event of the node or of the connection.

        ``then`` handles the event instead, if it came with one (``Received.then``).
        """
        if then is not None and not isinstance(event, Disconnected):
            then(event)
        elif (row := _ROWS.get(type(event))) is not None:
            row(self, event)
        elif (text := phrase(event)) is not None:
            self._notices.notice(text)
        if not isinstance(event, Disconnected):
            self._lookups.answered(event.ref)
        self._lookups.look()

    def _away(self, event: Disconnected) -> None:
        if self.away_at is None:  # at the start it counts from there
            self.away_at = self._clock()
        if not self.was_welcomed:  # later the status line shows it
            self._notices.notice(f"{phrase(event)} {self._hint(event)}".rstrip())

    def _welcome(self, event: m.Welcome) -> None:
        if not self.was_welcomed:
            self._notices.notice(phrase(event) or "")
            self._notices.notice(FIRST_HINT)
        elif self.away_at is not None:
            pause = self._clock() - self.away_at
            news = "" if event.resumed else " The old session had ended; this is a new one."
            took = f"{pause:.1f} s" if pause >= 0.1 else f"{pause * 1000:.0f} ms"
            self._notices.notice(f"Reconnected after {took}, to {safe_word(event.node)}.{news}")
        self.was_welcomed = True
        self.away_at = None

    def _joined(self, event: m.Joined) -> None:
        new = self._buffers.get(event.room) is None
        buffer = self._buffers.open(event.room)
        buffer.people.joined(event.members, event.quiet)
        asked = event.ref is not None and event.ref != HELLO
        if asked or new:
            self._notices.notice(phrase(event) or "", buffer)
        if asked:
            self._buffers.turn_to(event.room)

    def _message(self, event: m.Message) -> None:
        buffer = self._buffers.open(event.room)
        if self._is_own(buffer, event) or event.position in buffer.fetched:
            return
        if self._filters.is_ignored(event.from_):
            return
        row = self._filters.row(event, self._chat.nick)
        place = f"{row.nick} in {buffer.name}: {row.spoken}" if row.mention else ""
        self._add(buffer, row, place)

    def _is_own(self, buffer: Buffer, event: m.Message | m.Direct) -> bool:
        """Place a message of our own that was delivered; return whether it is one."""
        id = event.id or ""
        own = buffer.own(id)
        if own is None or own.text != event.text:
            return False
        return buffer.place(id, event.at, event.position)

    def _direct(self, event: m.Direct) -> None:
        if self._filters.is_ignored(event.from_):
            return
        name = PERSON + event.from_
        buffer = self._buffers.get(name)
        if buffer is None and not self._buffers.is_full:
            buffer = self._buffers.open(name)
        row = self._filters.row(event, self._chat.nick)
        if (
            buffer
            and row.mine
            and (self._is_own(buffer, event) or row.position in buffer.positions)
        ):
            return  # A message to ourselves.
        text = f"{safe_word(event.from_)}, to you only: {row.spoken}"
        if buffer is not self._buffers.current:
            short = _shortened(text, buffer.name) if buffer is not None else text
            row_here = Row(Kind.NOTICE, short, at=event.at, mention=True, quotes=True)
            self._buffers.current.add(row_here)
        if buffer is not None:
            self._add(buffer, row, text)

    def _add(self, buffer: Buffer, row: Row, alert: str) -> None:
        """Add a message; ``alert`` is what to tell the user, if it mentions the user."""
        here = buffer is self._buffers.current
        if not here:
            buffer.miss(bool(alert))
        buffer.add(row)
        buffer.spoke(row.nick)
        if alert:
            self._alert(alert, here)

    def _left(self, event: m.Left) -> None:
        buffer = self._buffers.get(event.room)
        kicked = event.reason == "kicked" and event.nick == self._chat.nick
        if buffer is not None and (event.ref is not None or kicked):
            self._buffers.close(event.room)
            left = f"You left {safe_word(event.room)}."
            self._notices.notice(removed(event) if kicked else left)
        elif buffer is not None and event.nick != self._chat.nick:
            self._presence.left(buffer, event)

    def _entered(self, event: m.Entered) -> None:
        # Our own are only in the log of an earlier session; so are our own `left` and `renamed`.
        buffer = self._buffers.get(event.room)
        if buffer is not None and event.nick != self._chat.nick:
            self._presence.entered(buffer, event)

    def _renamed(self, event: m.Renamed) -> None:
        if event.room is None:
            self._notices.notice(phrase(event) or "")
            return
        self._buffers.rename(event.from_, event.nick)
        buffer = self._buffers.get(event.room)
        if buffer is None:
            return
        # The entry of our own new nick may come before the answer, which alone is shown.
        if self._chat.nick in (event.nick, event.from_):
            buffer.gone(event.from_)
            buffer.people.renamed(event.from_, event.nick)
        else:
            self._presence.renamed(buffer, event)

    def _gap(self, event: m.Gap) -> None:
        if event.room == m.INBOX:
            self._notices.notice(phrase(event) or "")
            return
        buffer = self._buffers.open(event.room)
        buffer.gap()
        buffer.people.missed()
        self._notices.notice(phrase(event) or "", buffer)

    def _ack(self, event: m.Ack) -> None:
        if (found := self._unsent.settle(event.id)) is None:
            return
        buffer, row = found
        row.acknowledge()
        buffer.acknowledged(event.id)
        if event.to is not None:
            buffer.place(event.id, event.at, event.position)

    def _error(self, event: m.Error) -> None:
        found = self._unsent.settle(event.id) if event.id is not None else None
        if found is None or event.id is None:
            asked = self._lookups.asked(event.ref)
            self._notices.error(_refusal(asked, event) or phrase(event) or "")
            if event.code == Code.NOT_IN_ROOM and event.room not in self._chat.rooms:
                self._buffers.close(event.room or "")
            return
        buffer, row = found
        if event.id not in buffer.pending:  # It was delivered: only the ack was lost.
            row.acknowledge()
            return
        if event.code == Code.BAD_NICK and buffer.everything == [row]:
            self._buffers.close(buffer.name)  # there is no such person
        buffer.fail(event.id, event.text)
        if self._buffers.get(buffer.name) is not buffer:
            self._notices.error(f"{phrase(event)} It was: {row.spoken}")
        elif buffer is not self._buffers.current:
            self._notices.error(phrase(event) or "")

    def _announcement(self, event: m.Announcement) -> None:
        buffer = self._buffers.get(event.room) if event.room is not None else None
        text = phrase(event) or ""
        row = Row(Kind.NOTICE, text, at=event.at, mention=True, quotes=True)
        (buffer or self._buffers.current).add(row)
        self._alert(text, True)

    def _rooms(self, event: m.Rooms) -> None:
        self._buffers.note_rooms(row.room for row in event.rooms)
        self._notices.answer(phrase(event) or "")
        if event.more and event.rooms:
            self._lookups.next_page(m.ListRooms(after=event.rooms[-1].room))

    def _members(self, event: m.Members) -> None:
        self._notices.answer(phrase(event) or "")
        if event.more and event.members:
            self._lookups.next_page(m.ListMembers(room=event.room, after=event.members[-1]))


def _refusal(asked: m.Request | None, event: m.Error) -> str:
    """Return what a refusal means to the user, where the words of the node would mislead."""
    if isinstance(asked, m.ListMembers) and event.code == Code.NOT_IN_ROOM:
        # Whether there is such a room is not told.
        return f"You are not in {safe_word(asked.room)}: only its members can list who is in it."
    if not (isinstance(asked, m.SetNick) and event.account):
        return ""
    # Only the start can ask for the password without showing it.
    nick = safe_word(asked.nick)
    return (
        f"The nick {nick} belongs to an account, or looks like one that does. If the account is"
        f" yours, leave the chat, and start it with --nick {nick}."
    )


def _shortened(text: str, window: str) -> str:
    """Return the first lines of a text, and in which window the others are."""
    lines = text.split("\n")
    rest = len(lines) - DIRECT_LINES
    if rest <= 1:  # the line that says so would take as much
        return text
    more = f"\u2026 {rest} more lines in {safe_word(window)}"
    return "\n".join([*lines[:DIRECT_LINES], more])


_ROWS: dict[type[Any], Callable[[EventActions, Any], None]] = {
    Disconnected: EventActions._away,
    m.Welcome: EventActions._welcome,
    m.Joined: EventActions._joined,
    m.Message: EventActions._message,
    m.Direct: EventActions._direct,
    m.Entered: EventActions._entered,
    m.Left: EventActions._left,
    m.Renamed: EventActions._renamed,
    m.Gap: EventActions._gap,
    m.Announcement: EventActions._announcement,
    m.Ack: EventActions._ack,
    m.Error: EventActions._error,
    m.Rooms: EventActions._rooms,
    m.Members: EventActions._members,
}
