"""What becomes of what a node says: the buffers of the screen."""

from collections.abc import Callable
from typing import Any

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.protocol.events import Disconnected, Then
from client.protocol.session import HELLO
from client.text.event_text import phrase
from client.text.nicks import means
from client.text.sanitize import safe_line, safe_word
from client.tui.buffers import PERSON, Buffer, Buffers
from client.tui.rows import Kind, Mark, Row
from wire import messages as m
from wire.errors import Code

CONTEXT = 50
"""Past messages that are shown of a room one has just entered."""
PAGE = 100
"""Messages that are fetched at a time when one reads on above the oldest."""


class EventActions:
    """Keeps the buffers as the chat goes: pure but for the clocks that it is given.

    ``clock`` is in seconds, ``now_ms`` in milliseconds of the day's clock; ``ring`` is called when
    somebody means us.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        clock: Callable[[], float],
        now_ms: Callable[[], int],
        ring: Callable[[], None],
    ) -> None:
        self.buffers = buffers
        self.away_at: float | None = clock()
        self.was_welcomed = False
        self.mine: dict[str, tuple[Buffer, Row]] = {}
        """Messages of our own that are neither acknowledged nor refused, by their ids."""
        self._chat = chat
        self._clock = clock
        self._now_ms = now_ms
        self._ring = ring

    # Saying something to the person

    def notice(self, text: str, buffer: Buffer | None = None) -> None:
        """Tell something, in the buffer that is looked at unless another one is meant."""
        (buffer or self.buffers.current).add(Row(Kind.NOTICE, text, at=self._now_ms()))

    def trouble(self, text: str) -> None:
        """Tell of something that went wrong."""
        self.buffers.current.add(Row(Kind.TROUBLE, text, at=self._now_ms()))

    def request(self, request: m.Request, then: Then | None = None) -> None:
        """Ask the node. With ``then``, only that gets the answer, also if it is an error."""
        try:
            self._chat.ask(request, then)
        except ChatError as error:  # A node may make up names that no request can hold.
            self.trouble(str(error))

    def fetch_older(self, buffer: Buffer, limit: int, then: Callable[[list[Row]], None]) -> None:
        """Fetch messages from before the oldest one here; ``then`` gets the new rows."""
        if buffer.is_whole or buffer.person is not None or not buffer.name:
            return
        buffer.waiting.append(then)
        if len(buffer.waiting) > 1:
            return  # It is on its way.

        def take(event: m.AnyEvent) -> None:
            waiting, buffer.waiting = buffer.waiting, []
            if not isinstance(event, m.History):
                self.trouble(phrase(event) or "")
                return
            rows = self._past(buffer, event)
            buffer.put_before(rows, event.more)
            for each in waiting:
                each(rows)

        self.request(m.GetHistory(room=buffer.name, before=buffer.oldest, limit=limit), take)

    def _past(self, buffer: Buffer, event: m.History) -> list[Row]:
        """Return the rows of past messages that are not here already, nor on their way here."""
        known = buffer.positions
        return [
            self._said(past.from_, past.text, past.kind, past.at, past.position)
            for past in event.messages
            if past.position not in known and past.id not in self.mine
        ]

    # Events

    def show(self, event: m.AnyEvent | Disconnected, then: Then | None = None) -> None:
        """Take what came from the node, or happened to the connection.

        ``then`` gets the answer to a request that was made for it.
        """
        if then is not None and not isinstance(event, Disconnected):
            then(event)
        elif (row := _ROWS.get(type(event))) is not None:
            row(self, event)
        elif (text := phrase(event)) is not None:
            self.notice(text)
        self.theme()

    def _away(self, event: Disconnected) -> None:
        self.away_at = self._clock()
        if not self.was_welcomed:  # later the status line says so
            self.notice(phrase(event) or "")

    def _welcome(self, event: m.Welcome) -> None:
        if not self.was_welcomed:
            self.notice(phrase(event) or "")
        elif self.away_at is not None:
            pause = self._clock() - self.away_at
            news = "" if event.resumed else " The old session had ended; this is a new one."
            took = f"{pause:.1f} s" if pause >= 0.1 else f"{pause * 1000:.0f} ms"
            self.notice(f"Back after {took}, on {safe_word(event.node)}.{news}")
        self.was_welcomed = True
        self.away_at = None

    def _joined(self, event: m.Joined) -> None:
        new = self.buffers.get(event.room) is None
        buffer = self.buffers.open(event.room)
        asked = event.ref is not None and event.ref != HELLO
        if asked or new:
            self.notice(phrase(event) or "", buffer)
        if asked:
            self.buffers.turn_to(event.room)

    def theme(self) -> None:
        """Ask for what a room needs that is looked at for the first time.

        Asking for all rooms at once would be too much for the nodes' limit of requests.
        """
        buffer = self.buffers.current
        if buffer.is_new and buffer.name in self._chat.rooms:
            buffer.is_new = False
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

    def _said(self, nick: str, text: str, kind: str, at: int, position: str) -> Row:
        mine = nick == self._chat.nick
        row = Row(Kind.ACTED if kind == "action" else Kind.SAID, text, nick, at, position)
        row.mine = mine
        row.mention = not mine and means(text, self._chat.nick)
        return row

    def _message(self, event: m.Message) -> None:
        buffer = self.buffers.open(event.room)
        if self._is_own(buffer, event) or event.position in buffer.fetched:
            return
        row = self._said(event.from_, event.text, event.kind, event.at, event.position)
        self._add(buffer, row, called=row.mention)

    def _is_own(self, buffer: Buffer, event: m.Message | m.Direct) -> bool:
        """Give a message of our own that came back its place; return whether it was one."""
        own = buffer.pending.get(event.id or "")
        if own is None or own.text != event.text:
            return False
        del buffer.pending[event.id or ""]
        own.at, own.position = event.at, event.position
        buffer.add(own)
        return True

    def _direct(self, event: m.Direct) -> None:
        name = PERSON + event.from_
        buffer = self.buffers.get(name)
        if buffer is None and not self.buffers.is_full:
            buffer = self.buffers.open(name)
        row = self._said(event.from_, event.text, event.kind, event.at, event.position)
        if (
            buffer
            and row.mine
            and (self._is_own(buffer, event) or row.position in buffer.positions)
        ):
            return  # We talk to ourselves.
        if buffer is not self.buffers.current:
            text = f"{safe_word(event.from_)}, to you alone: {event.text}"
            self.buffers.current.add(Row(Kind.NOTICE, text, at=event.at, mention=True))
        if buffer is not None:
            self._add(buffer, row, called=True)

    def _add(self, buffer: Buffer, row: Row, called: bool) -> None:
        if buffer is not self.buffers.current:
            buffer.miss(called)
        buffer.add(row)
        buffer.spoke(row.nick)
        if called:
            self._ring()

    def _left(self, event: m.Left) -> None:
        buffer = self.buffers.get(event.room)
        kicked = event.reason == "kicked" and event.nick == self._chat.nick
        if buffer is not None and (event.ref is not None or kicked):
            self.buffers.close(event.room)
            room = safe_word(event.room)
            self.notice(_kicked(room, event.text) if kicked else f"You left {room}.")
        elif buffer is not None:
            buffer.nicks.pop(event.nick, None)
            self._note(event)

    def _renamed(self, event: m.Renamed) -> None:
        if event.room is None:
            self.notice(phrase(event) or "")
            return
        self.buffers.rename(event.from_, event.nick)
        if (buffer := self.buffers.get(event.room)) is not None:
            buffer.nicks.pop(event.from_, None)
        self._note(event)

    def _note(self, event: m.Entered | m.Left | m.Renamed) -> None:
        """Tell of somebody else; of ourselves the log tells how a session ended or began."""
        buffer = self.buffers.get(event.room or "")
        if event.nick == self._chat.nick or buffer is None:
            return
        if not isinstance(event, m.Left):
            buffer.came(event.nick)
        buffer.add(Row(Kind.NOTICE, phrase(event) or "", at=event.at, position=event.position))

    def _gap(self, event: m.Gap) -> None:
        buffer = self.buffers.current if event.room == m.INBOX else self.buffers.open(event.room)
        for id, row in list(buffer.pending.items()):
            if row.mark is Mark.NONE:  # it was kept, and is among what is no longer
                buffer.add(buffer.pending.pop(id))
        self.notice(phrase(event) or "", buffer)

    def _ack(self, event: m.Ack) -> None:
        if (found := self.mine.pop(event.id, None)) is None:
            return
        buffer, row = found
        row.mark = Mark.NONE
        if event.to is not None and buffer.pending.pop(event.id, None) is not None:
            row.at, row.position = event.at, event.position
            buffer.add(row)

    def _error(self, event: m.Error) -> None:
        found = self.mine.pop(event.id, None) if event.id is not None else None
        if found is None or event.id is None:
            self.trouble(phrase(event) or "")
            if event.code == Code.NOT_IN_ROOM and event.room not in self._chat.rooms:
                self.buffers.close(event.room or "")
            return
        buffer, row = found
        if event.id not in buffer.pending:  # It is there: only the ack got lost.
            row.mark = Mark.NONE
            return
        buffer.fail(event.id, event.text)
        if self.buffers.get(buffer.name) is not buffer:
            self.trouble(f"{phrase(event)} It was: {row.text}")
        elif buffer is not self.buffers.current:
            self.trouble(phrase(event) or "")

    def _announcement(self, event: m.Announcement) -> None:
        buffer = self.buffers.get(event.room) if event.room is not None else None
        text = phrase(event) or ""
        (buffer or self.buffers.current).add(Row(Kind.NOTICE, text, at=event.at, mention=True))
        self._ring()

    def _rooms(self, event: m.Rooms) -> None:
        self.notice(phrase(event) or "")
        if event.more and event.rooms:
            self.request(m.ListRooms(after=event.rooms[-1].room))

    def _members(self, event: m.Members) -> None:
        self.notice(phrase(event) or "")
        if event.more and event.members:
            self.request(m.ListMembers(room=event.room, after=event.members[-1]))


def _kicked(room: str, why: str | None) -> str:
    how = f"A moderator has kicked you out of {room}"
    return f"{how}: {safe_line(why)}" if why else f"{how}."


_ROWS: dict[type[Any], Callable[[EventActions, Any], None]] = {
    Disconnected: EventActions._away,
    m.Welcome: EventActions._welcome,
    m.Joined: EventActions._joined,
    m.Message: EventActions._message,
    m.Direct: EventActions._direct,
    m.Entered: EventActions._note,
    m.Left: EventActions._left,
    m.Renamed: EventActions._renamed,
    m.Gap: EventActions._gap,
    m.Announcement: EventActions._announcement,
    m.Ack: EventActions._ack,
    m.Error: EventActions._error,
    m.Rooms: EventActions._rooms,
    m.Members: EventActions._members,
}
