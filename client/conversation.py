"""What the screen shows, and what becomes of a typed line; the screen itself is elsewhere."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from client import commands
from client.connection import Away, Chat
from client.errors import ChatError
from client.render import View, render, render_sent
from client.safe import safe_line, safe_word
from client.session import HELLO
from wire import messages as m


class Conversation:
    """What the screen shows of a chat: pure but for the clock that it is given.

    ``say`` puts lines above the prompt.
    """

    def __init__(self, chat: Chat, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self.room: str | None = None
        self._chat = chat
        self._say = say
        self._clock = clock
        self._shown_rooms: set[str] = set()
        self._away_at: float | None = None
        self._was_welcomed = False

    @property
    def nick(self) -> str:
        """Who we are."""
        return self._chat.nick

    @property
    def toolbar(self) -> str:
        """The line below the prompt."""
        chat = self._chat
        if chat.is_connected:
            link = f"on {safe_word(chat.node or '')}"
        else:
            link = "reconnecting\u2026" if self._was_welcomed else "connecting\u2026"
        others = [safe_word(room) for room in chat.rooms if room != self.room]
        also = f" \u00b7 also in {', '.join(others)}" if others else ""
        here = safe_word(self.room) if self.room else "in no room"
        return f" {here} \u00b7 {safe_word(chat.nick)} \u00b7 {link}{also}"

    def show(self, event: m.AnyEvent | Away) -> None:
        """Show what came from the node, or happened to the connection."""
        if isinstance(event, Away):
            self._show_away(event)
        elif isinstance(event, m.Welcome):
            self._show_welcome(event)
        elif isinstance(event, m.Joined):
            self._show_joined(event)
        elif isinstance(event, m.Left) and event.ref is not None:
            self._show_own_leave(event)
        elif self._is_own_return(event):
            pass
        else:
            self._render(event)
            self._turn_page(event)
        if self.room is not None and self.room not in self._chat.rooms:
            self.room = next(iter(self._chat.rooms), None)

    def take(self, line: str) -> bool:
        """Do what was typed; return whether to go on."""
        try:
            meaning = commands.parse(line, self.room)
            if isinstance(meaning, m.Quit):
                return False
            if isinstance(meaning, commands.ShowHelp):
                self._say("\n".join(commands.help_lines()))
            elif isinstance(meaning, (commands.Retry, commands.Search)):
                self._say("! This screen cannot do that.")
            elif isinstance(meaning, (m.Send, m.SendDirect)):
                self._post(meaning)
            elif meaning is not None:
                self._chat.ask(meaning)
        except (commands.CommandError, ChatError) as error:
            self._say(f"! {error}")
        return True

    def _post(self, message: m.Send | m.SendDirect) -> None:
        answer = self._chat.post(message)
        if isinstance(message, m.SendDirect):
            answer.add_done_callback(lambda done: self._show_sent(message, done))
        if not self._chat.is_connected:
            self._say(
                f"\u00b7 To be said when there is a connection again: {safe_line(message.text)}"
            )

    def _show_sent(self, message: m.SendDirect, done: asyncio.Future[m.AnyEvent]) -> None:
        if not done.cancelled() and done.exception() is None:
            ack = done.result()
            if isinstance(ack, m.Ack):
                self._say(render_sent(ack, message, View(self._chat.nick)))

    def _render(self, event: m.AnyEvent | Away) -> None:
        if shown := render(event, View(self._chat.nick)):
            self._say(shown)

    def _show_away(self, event: Away) -> None:
        self._away_at = self._clock()
        if not self._was_welcomed:  # later the toolbar says so
            self._render(event)

    def _show_welcome(self, event: m.Welcome) -> None:
        if not self._was_welcomed:
            self._render(event)
        elif self._away_at is not None:
            pause = self._clock() - self._away_at
            news = "" if event.resumed else " The old session had ended; this is a new one."
            self._say(f"\u00b7 Back after {pause:.1f} s, on {safe_word(event.node)}.{news}")
        self._was_welcomed = True
        self._away_at = None

    def _show_joined(self, event: m.Joined) -> None:
        asked = event.ref is not None and event.ref != HELLO
        if asked or event.room not in self._shown_rooms:
            self._render(event)
        self._shown_rooms.add(event.room)
        if asked or self.room is None:
            self.room = event.room

    def _show_own_leave(self, event: m.Left) -> None:
        self._shown_rooms.discard(event.room)
        self._say(f"\u00b7 You left {safe_word(event.room)}.")

    def _is_own_return(self, event: m.AnyEvent | Away) -> bool:
        """Whether the log tells of ourselves: how the last session ended, and this one began."""
        mine = isinstance(event, (m.Entered, m.Left)) and event.nick == self._chat.nick
        return mine and getattr(event, "reason", None) != "kicked"

    def _turn_page(self, event: m.AnyEvent) -> None:
        with suppress(ChatError):
            if isinstance(event, m.Rooms) and event.more and event.rooms:
                self._chat.ask(m.ListRooms(after=event.rooms[-1].room))
            if isinstance(event, m.Members) and event.more and event.members:
                self._chat.ask(m.ListMembers(room=event.room, after=event.members[-1]))
