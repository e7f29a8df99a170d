"""The interactive screen: what is said above, a prompt below that it does not tear."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from client import commands
from client.connection import Away, Chat
from client.errors import ChatError, NickRefused, Refused
from client.names import with_suffix
from client.options import Options, login_nick
from client.render import View, render, render_sent
from client.safe import safe_word
from client.session import HELLO
from wire import messages as m


async def run(options: Options) -> int:
    """Talk until the person leaves; return the exit status. Raises Refused for a bad option."""
    prompt: PromptSession[str] = PromptSession(erase_when_done=True, key_bindings=_keys())
    with patch_stdout():
        try:
            nick = options.nick or await prompt.prompt_async("Nick: ", default=login_nick())
        except (EOFError, KeyboardInterrupt):
            return 0
        terminal = Terminal(prompt, options.room)
        chat = options.connect(nick.strip(), rename=terminal.rename)
        return await terminal.run(chat)


class Conversation:
    """What the screen shows of a chat: pure but for the clock that it is given.

    ``say`` puts lines above the prompt.
    """

    def __init__(
        self, chat: Chat, room: str, say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self.room: str | None = None
        self._chat = chat
        self._first_room = room
        self._say = say
        self._clock = clock
        self._shown_rooms: set[str] = set()
        self._away_at: float | None = None
        self._was_welcomed = False

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
        elif isinstance(event, (m.Entered, m.Left)) and event.nick == self._chat.nick:
            pass  # our own coming back, read in the log
        elif not isinstance(event, m.Bye):
            self._render(event)
            self._turn_page(event)

    def take(self, line: str) -> bool:
        """Do what was typed; return whether to go on."""
        try:
            meaning = commands.parse(line, self.room)
            if isinstance(meaning, m.Quit):
                return False
            if isinstance(meaning, commands.ShowHelp):
                self._say("\n".join(commands.help_lines()))
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
            self._say(f"\u00b7 To be said when there is a connection again: {message.text}")

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
        if self.room == event.room:
            self.room = next(iter(self._chat.rooms), None)

    def _turn_page(self, event: m.AnyEvent) -> None:
        with suppress(ChatError):
            if isinstance(event, m.Rooms) and event.more and event.rooms:
                self._chat.ask(m.ListRooms(after=event.rooms[-1].room))
            if isinstance(event, m.Members) and event.more and event.members:
                self._chat.ask(m.ListMembers(room=event.room, after=event.members[-1]))


class Terminal:
    """A conversation on a screen."""

    def __init__(self, prompt: PromptSession[str], room: str) -> None:
        self._prompt = prompt
        self._room = room
        self._conversation: Conversation | None = None
        self._is_talking = False

    async def run(self, chat: Chat) -> int:
        """Connect, and talk until the person leaves; return the exit status."""
        self._conversation = Conversation(chat, self._room, print, time.monotonic)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._leave)
        chat.start()
        showing = asyncio.create_task(self._show_all(chat))
        talking = asyncio.create_task(self._talk(chat))
        try:
            await asyncio.wait([showing, talking], return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, showing):
                if task.done():
                    task.result()
            return 0
        except ChatError as error:
            print(f"! {error}")
            return 1
        finally:
            talking.cancel()
            await asyncio.wait([talking])
            await chat.close()
            await asyncio.wait([showing])
            for task in (talking, showing):
                task.cancelled() or task.exception()
            loop.remove_signal_handler(signal.SIGTERM)

    async def rename(self, refused: NickRefused) -> str:
        """Ask for another nick; while one talks the prompt is taken, and a suffix has to do."""
        if self._is_talking and self._conversation:
            return with_suffix(self._conversation.nick, random.random)
        print(f"! {refused}")
        return (await self._prompt.prompt_async("Nick: ")).strip()

    async def _show_all(self, chat: Chat) -> None:
        assert self._conversation
        async for event in chat:
            self._conversation.show(event)
            self._prompt.app.invalidate()

    async def _talk(self, chat: Chat) -> None:
        conversation = self._conversation
        assert conversation
        await chat.ready()
        self._is_talking = True
        while True:
            try:
                line = await self._prompt.prompt_async(
                    lambda: f"{safe_word(conversation.room or '')}> ",
                    bottom_toolbar=lambda: _plain(conversation.toolbar),
                )
            except (EOFError, KeyboardInterrupt):
                return
            if not conversation.take(line):
                return

    def _leave(self) -> None:
        if self._prompt.app.is_running:
            self._prompt.app.exit(exception=EOFError)
