"""The interactive client: a chat, its windows, and the screen that shows them."""

import asyncio
import random
import signal
import time

from client.bars import Standing
from client.conversation import PAGE, Conversation
from client.errors import ChatError, NickRefused
from client.keys import Actions
from client.look import Look
from client.names import with_suffix
from client.options import Options, login_nick
from client.screen import Screen
from client.typed import Typed
from client.windows import Windows
from wire import messages as m

MEASURE_EVERY = 10.0
"""Seconds between two measurements of the time to the node and back."""

HANGUP = 129
"""The exit status when the terminal has gone away, as a shell gives it for SIGHUP."""


async def run(options: Options) -> int:
    """Talk until the person leaves; return the exit status. Raises Refused for a bad option."""
    nick = options.nick
    while True:
        if nick is None:
            try:
                nick = await _ask_nick(login_nick())
            except (EOFError, KeyboardInterrupt):
                return 0
        terminal = Terminal(options, nick.strip())
        status = await terminal.run()
        if terminal.refused is None:
            return status
        print(f"! {terminal.refused}")
        nick = None


async def _ask_nick(default: str) -> str:
    # Only who has no nick yet waits for this part of the library to load.
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    return await session.prompt_async("Nick: ", default=default)


class Terminal:
    """A chat on a screen. ``refused`` is why no node would have us by that nick."""

    def __init__(self, options: Options, nick: str) -> None:
        self.refused: NickRefused | None = None
        self._bell = True
        self._latency: float | None = None
        self._status = 0
        self._windows = Windows()
        self._chat = options.connect(nick, rename=self._rename)
        self._conversation = Conversation(
            self._chat, self._windows, time.monotonic, _now_ms, self._ring
        )
        self._typed = Typed(self._chat, self._conversation, _now_ms)
        actions = Actions(
            self._enter, self._scroll, self._windows.turn, self._windows.turn_to_number, self._leave
        )
        self._screen = Screen(
            self._windows, Look(), actions, self._standing, lambda: self._typed.word
        )

    async def run(self) -> int:
        """Connect, and talk until the person leaves; return the exit status."""
        app, loop = self._screen.app, asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._exit)
        self._chat.start()
        tasks = [
            asyncio.create_task(work()) for work in (self._show_all, self._measure, self._tick)
        ]
        try:
            await app.run_async(handle_sigint=False)
        except (EOFError, OSError):
            self._status = HANGUP  # the terminal is gone: there is nobody left to be told
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._chat.close()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)
        if self._chat.failure is not None and self.refused is None and not self._status:
            print(f"! {self._chat.failure}")
            return 1
        return self._status

    # What happens

    async def _show_all(self) -> None:
        try:
            async for received in self._chat.received():
                if received.event is not None and not received.is_end:
                    self._conversation.show(received.event)
                    self._screen.redraw()
        except ChatError as error:
            if isinstance(error, NickRefused):
                self.refused = error
            self._exit()

    async def _rename(self, refused: NickRefused) -> str:
        """Ask for another nick at first; who is talking already gets a suffix."""
        if not self._conversation.was_welcomed:
            raise refused
        return with_suffix(self._chat.nick, random.random)

    async def _measure(self) -> None:
        """Measure how long it takes to the node and back, again and again."""
        await self._chat.ready()
        while True:
            node, begun = self._chat.node, time.monotonic()
            await self._chat.ask(m.Ping())
            if node == self._chat.node:
                self._latency = time.monotonic() - begun
                self._screen.redraw()
            await asyncio.sleep(MEASURE_EVERY)

    async def _tick(self) -> None:
        """Count the seconds without a connection; nothing else changes by itself."""
        while True:
            await asyncio.sleep(1.0)
            if not self._chat.is_connected:
                self._screen.redraw()

    def _standing(self, below: int) -> Standing:
        away_at = self._conversation.away_at
        return Standing(
            nick=self._chat.nick,
            node=self._chat.node or "",
            away=None if away_at is None else time.monotonic() - away_at,
            was_welcomed=self._conversation.was_welcomed,
            latency=self._latency,
            unsent=len(self._conversation.mine),
            below=below,
        )

    def _ring(self) -> None:
        if self._bell:
            self._screen.app.output.bell()

    # What a person does

    def _enter(self, line: str) -> None:
        if not self._typed.take(line):
            self._exit()

    def _leave(self) -> None:
        if self._typed.may_leave():
            self._exit()

    def _exit(self) -> None:
        if self._screen.app.is_running:
            self._screen.app.exit(result=0)

    def _scroll(self, pages: int) -> None:
        view, window = self._screen.said.view, self._windows.current
        lines = max(1, self._screen.said.height - 1)
        if pages > 0:
            view.scroll_down(lines)
        elif view.scroll_up(lines):
            # At the beginning of what is here: there may be more at the node.
            self._conversation.fetch_older(window, PAGE, lambda rows: self._scrolled(bool(rows)))

    def _scrolled(self, more: bool) -> None:
        if more:
            self._screen.said.view.scroll_up(max(1, self._screen.said.height - 1))
        self._screen.redraw()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
