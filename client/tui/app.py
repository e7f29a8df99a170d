"""The interactive client: a chat, its buffers, and the screen."""

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from typing import TextIO, cast

from client.cli.options import Options
from client.cli.plain import fitted
from client.cli.settings_file import Settings
from client.protocol.errors import NICK_CODES, ChatError, NickRefused, RequestRefused
from client.text.nicks import with_suffix
from client.text.sanitize import safe_line
from client.text.theme import Theme
from client.transport.addresses import DEFAULT_HOST
from client.tui.alerts import WITHOUT_TITLE, Alerts
from client.tui.buffers import Buffers
from client.tui.connection_watch import ConnectionWatch
from client.tui.entering import Entering
from client.tui.event_actions import EventActions, Logs
from client.tui.filters import Filters
from client.tui.input_actions import InputActions
from client.tui.keeper import Keeper
from client.tui.keymap import Actions
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.people_list import LEAST_COLUMNS
from client.tui.reading import Reading
from client.tui.screen import Screen
from client.tui.status_line import StatusLine
from client.tui.terminal import Terminal, open_terminal
from client.tui.tty import Tty
from client.tui.unsent import Unsent
from wire.errors import Code

HANGUP = 128 + signal.SIGHUP
"""The exit status when the terminal is closed, as a shell reports SIGHUP."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class App:
    """A chat on a screen. ``refused`` is why a node refused our nick, password or token.

    ``keeper`` keeps the session for the next start.
    """

    def __init__(self, options: Options, nick: str, keeper: Keeper) -> None:
        self.refused: RequestRefused | None = None
        self._keeper = keeper
        self._status = 0
        self._buffers = Buffers()
        self._chat = keeper.connect(options, nick, self._rename, self._buffers)
        self._notices = Notices(self._buffers, now_ms, lambda row: self._reading.start_of(row))
        settings, unsent = options.settings, Unsent()
        self._watch = ConnectionWatch(self._chat, unsent, lambda: self._screen.redraw())
        filters = Filters(settings.mentions, settings.ignore, settings.presence)
        self._lookups = Lookups(self._chat, self._buffers, self._notices, unsent, filters)
        parts = (self._chat, self._buffers, self._notices, self._lookups, unsent, filters)
        self._alerts = self._make_alerts(settings)
        self._events = EventActions(*parts, time.monotonic, self._alerts.call, options.hint)
        self._reading = Reading(
            self._buffers, self._notices, self._lookups, lambda: self._screen.rows.view
        )
        self._logs = self._start_logs(options, filters)
        self._tty = Tty(lambda: self._screen.repaint())
        tty = cast(TextIO, self._tty)
        terminal = open_terminal(tty, os.environ, links=settings.colours)
        self._input = InputActions(
            *parts, self._reading, now_ms, terminal.copy, lambda: keeper.keeps_unsent
        )
        keeper.restore(self._buffers, unsent)
        self._screen = self._make_screen(settings, terminal, unsent)
        self._screen.app.key_processor.after_key_press += lambda _: self._alerts.typed()

    def _make_screen(self, settings: Settings, terminal: Terminal, unsent: Unsent) -> Screen:
        parts = (self._events, self._watch, unsent, self._reading)
        line = StatusLine(self._chat, self._buffers, *parts, lambda: self._screen.input.text)
        return Screen(
            self._buffers,
            Theme(settings.time),
            self._actions(),
            line.status,
            lambda: self._reading.highlighted,
            colours=settings.colours,
            output=terminal,
        )

    def _actions(self) -> Actions:
        def room_to_enter() -> str | None:
            return self._lookups.room_to_enter

        parts = (self._buffers, self._notices, self._enter, time.monotonic, room_to_enter)
        entering = Entering(*parts, lambda: self._chat.node is not None)
        return Actions(
            enter=entering.enter,
            scroll=self._reading.scroll,
            to_end=self._reading.to_end,
            turn=self._turn,
            turn_to_number=self._turn_to_number,
            turn_to_news=self._turn_to_news,
            toggle_people=self._toggle_people,
            search=self._reading.step,
            search_back=self._reading.back,
            leave=self._leave,
            paste=entering.paste,
            holds=entering.holds,
        )

    def _make_alerts(self, settings: Settings) -> Alerts:
        return Alerts(
            lambda text: self._screen.write(text),
            lambda: self._screen.app.output.bell(),
            lambda: sum(buffer.mentions for buffer in self._buffers),
            time.monotonic,
            rings=settings.bell,
            notify=settings.notify,
            in_tmux="TMUX" in os.environ,
            has_title=os.environ.get("TERM") not in WITHOUT_TITLE,
        )

    def _start_logs(self, options: Options, filters: Filters) -> Logs | None:
        if not options.settings.log:
            return None
        from client.tui.logs import start_logs  # most users have no logs

        server = options.addresses[0] if options.addresses else DEFAULT_HOST
        return start_logs(self._chat, self._buffers, filters, self._notices, server, now_ms)

    async def run(self) -> int:
        """Connect, and run until the user quits; return the exit status."""
        app, loop = self._screen.app, asyncio.get_running_loop()
        # What was ignored at the start, as by nohup, stays ignored.
        heeded = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        for number in heeded:
            loop.add_signal_handler(number, self._stop, number)
        self._chat.start()
        measure, watch = self._watch.latency.measure(), self._watch.run()
        works = (self._show_all(), measure, watch, self._keeper.run(self._notices))
        tasks = [asyncio.create_task(work) for work in works]
        for task in tasks:
            task.add_done_callback(self._look_at)
        try:
            await app.run_async(handle_sigint=False)
        except (EOFError, OSError):
            self._status = HANGUP
        finally:
            with suppress(OSError):  # the terminal is gone
                self._alerts.end()
            self._tty.finish()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._keeper.closing()
            await self._chat.close()
            self._keeper.end()
            if self._logs is not None:
                self._logs.finish()
            for number in heeded:
                loop.remove_signal_handler(number)
        if self._status == HANGUP:
            # The terminal is gone: whatever is still to be written could only fail.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if self._chat.failure is not None and self.refused is None and not self._status:
            print(fitted(f"! {safe_line(str(self._chat.failure))}", 1))
            return 1
        return self._status

    # Events

    async def _show_all(self) -> None:
        try:
            async for received in self._chat.received():
                event = received.event
                if event is not None:
                    self._watch.took(event)
                # Disconnected reports the end of an attempt; a refused room ends no attempt.
                is_end = received.is_end and getattr(event, "room", None) is None
                if event is not None and not is_end:
                    self._keeper.before(event)
                    self._events.show(event, received.then)
                    self._keeper.after(event, self._notices)
                    if self._logs is not None:
                        self._logs.take(event)
                    self._alerts.show_title()
                    self._screen.follow()
        except ChatError as error:
            # What the user can answer with another nick, password or token; or a restored session
            # whose positions no node knows how to read any more.
            answerable = {*NICK_CODES, Code.BAD_TOKEN}
            if self._keeper.is_restored:
                answerable.add(Code.BAD_REQUEST)
            if isinstance(error, RequestRefused) and error.code in answerable:
                self.refused = error
            self._exit()

    async def _rename(self, refused: NickRefused) -> str:
        """Ask for another nick at the start; later add a suffix to the present one."""
        if not self._events.was_welcomed:
            raise refused
        return with_suffix(self._chat.nick, random.random)

    # Actions of the user

    def _enter(self, line: str) -> None:
        goes_on = self._input.take(line)
        self._watch.typed()
        self._keeper.touch()
        self._keeper.save(self._notices)  # at once, for a line that cannot be sent now
        if not goes_on:
            self._exit()

    def _leave(self, key: str, is_empty: bool) -> None:
        if self._input.press(key, time.monotonic(), is_empty=is_empty):
            self._exit()

    def _exit(self, error: BaseException | None = None) -> None:
        self._tty.keep_all()
        self._screen.exit(error)

    def _stop(self, number: int) -> None:
        """End because of a signal, with the status that a shell reports for it."""
        self._status = 128 + number
        self._exit()

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A fault of ours ends the client, visibly: without this work the screen stands still."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._exit(error)

    def _turn(self, steps: int) -> None:
        self._buffers.turn(steps)
        self._keeper.touch()
        self._lookups.look()

    def _turn_to_number(self, number: int) -> None:
        self._buffers.turn_to_number(number)
        self._keeper.touch()
        self._lookups.look()

    def _turn_to_news(self) -> None:
        self._buffers.turn_to_news()
        self._keeper.touch()
        self._lookups.look()

    def _toggle_people(self) -> None:
        if not self._screen.toggle_people():
            self._notices.notice(
                f"The list of people needs {LEAST_COLUMNS} columns; /who lists them here."
            )


def now_ms() -> int:
    """Return Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
