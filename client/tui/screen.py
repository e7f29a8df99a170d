"""The full screen: the bar of buffers, the rows, the status line and the input line."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable

from prompt_toolkit.application import Application
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from client.text.sanitize import safe_word
from client.text.theme import ALARM, Theme
from client.text.width import Joins, columns, drawable
from client.tui.bars import Status, hidden_mentions, room_bar, status
from client.tui.buffers import Buffers
from client.tui.cells import cells, input_cells, measure_clusters
from client.tui.completion import candidates
from client.tui.controls import LinesControl, RowsControl
from client.tui.drafts import Drafts
from client.tui.escaping import Escaping
from client.tui.keymap import Actions, bindings
from client.tui.line_buffer import LineBuffer
from client.tui.people_list import LEAST_COLUMNS, LIST_COLUMNS, people_lines
from client.tui.rows import Line
from client.tui.terminal import Terminal

REDRAW_PAUSE = 0.05
"""Least seconds between two redraws, so that many messages a second cost no more than 20."""
EXIT_PAUSE = 0.02
"""Seconds between two looks for answers of the terminal, when the client ends at its start."""
MOST_INPUT_LINES = 6
PROMPT_COLUMNS = 20

STYLE = Style.from_dict(
    {
        "bar": "reverse",
        "bar.current": "bold noreverse",
        "bar.unread": "bold",
        "bar.mention": "bold underline",
        "bar.away": "bold",
        # Dim, not grey: a fixed grey is unreadable on some backgrounds, the terminal's dim is not.
        "time": "dim",
        "rule": "dim",
        "notice": "dim",
        "pending": "dim",
        "day": "dim",
        "unread": f"fg:{ALARM}",
        "failed": f"fg:{ALARM}",
        "mention": "bold",
        "prompt": "bold",
        "people": "dim",
    }
)


class Completions(Completer):
    """Offers completions for the text before the cursor."""

    def __init__(self, buffers: Buffers) -> None:
        self._buffers = buffers

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Called by prompt_toolkit."""
        buffers = self._buffers
        windows = [buffer.name for buffer in buffers]
        nicks, rooms = reversed(buffers.current.nicks), buffers.listed
        word, found = candidates(document.text_before_cursor, windows, nicks, rooms)
        for text in found:
            _, shown = cells("", drawable(safe_word(text.strip()), Joins()))
            yield Completion(text, start_position=-len(word), display=shown)


class Screen:
    """Draws the buffers, and passes keys to ``actions``.

    ``state`` returns the status; it gets the number of rows below, and the names of buffers with
    mentions that are not in the bar.
    """

    def __init__(
        self,
        buffers: Buffers,
        theme: Theme,
        actions: Actions,
        state: Callable[[int, tuple[str, ...]], Status],
        word: Callable[[], str],
        *,
        colours: bool = True,
        input: Input | None = None,
        output: Terminal,
    ) -> None:
        measure_clusters()
        self._buffers = buffers
        self._state = state
        self._escaping = Escaping()
        self._terminal = output
        self._wants_people = True
        self.rows = RowsControl(buffers, theme, word)
        self.input = LineBuffer(Completions(buffers))
        self._drafts = Drafts(buffers, self.input)
        self.app: Application[int] = Application(
            layout=Layout(self._layout()),
            key_bindings=self._bindings(actions),
            style=STYLE,
            include_default_pygments_style=False,
            full_screen=True,
            min_redraw_interval=REDRAW_PAUSE,
            color_depth=_depth(colours),
            input=input,
            output=output,
        )
        self.app.key_processor.after_key_press += lambda _: self._drafts.turned()
        self.app.ttimeoutlen = 0.05  # for Escape alone; Alt+digit comes in one piece

    def _layout(self) -> FloatContainer:
        bar = {"height": 1, "style": "class:bar", "wrap_lines": False}
        line = Window(
            BufferControl(
                self.input,
                input_processors=[self._escaping, BeforeInput(self._prompt, "class:prompt")],
                focus_on_click=False,
            ),
            height=Dimension(min=1, max=MOST_INPUT_LINES),
            wrap_lines=True,
            dont_extend_height=True,
        )
        listed = [
            Window(width=1, char="\u2502", style="class:rule"),
            Window(LinesControl(self._people), width=LIST_COLUMNS, wrap_lines=False),
        ]
        people = ConditionalContainer(VSplit(listed), Condition(self._shows_people))
        rows = HSplit(
            [
                Window(LinesControl(self._room_bar), **bar),  # type: ignore[arg-type]
                VSplit([Window(self.rows, wrap_lines=False, always_hide_cursor=True), people]),
                Window(LinesControl(self._status), **bar),  # type: ignore[arg-type]
                line,
            ]
        )
        menu = Float(CompletionsMenu(max_height=8), xcursor=True, ycursor=True)
        return FloatContainer(rows, [menu])

    @property
    def _columns(self) -> int:
        return self.app.output.get_size().columns

    def _bindings(self, actions: Actions) -> KeyBindings:
        keys = bindings(self.input, actions)
        keys.add(Keys.CPRResponse, save_before=lambda press: False)(self._answer)
        return keys

    def _answer(self, press: KeyPressEvent) -> None:
        """Note what the terminal can draw, once it has answered."""
        if (joins := self._terminal.answer(press.data)) is not None:
            self._escaping.use(joins)
            self.rows.use(joins)

    def _room_bar(self, width: int, height: int) -> list[Line]:
        return [room_bar(self._buffers, width)]

    def _status(self, width: int, height: int) -> list[Line]:
        below = self.rows.view.below()
        hidden = tuple(hidden_mentions(self._buffers, width))
        return [status(self._state(below, hidden), width)]

    def _shows_people(self) -> bool:
        buffer = self._buffers.current
        is_room = bool(buffer.name) and buffer.person is None
        return self._wants_people and is_room and self._columns >= LEAST_COLUMNS

    def _people(self, width: int, height: int) -> list[Line]:
        return people_lines(self._buffers.current, height)

    def toggle_people(self) -> bool:
        """Show or hide the list of people; return False if there is no space for it."""
        has_space = self._columns >= LEAST_COLUMNS
        if has_space:
            self._wants_people = not self._wants_people
        return has_space

    def _prompt(self) -> str:
        name = drawable(safe_word(self._buffers.current.name), Joins())
        # On a narrow screen the typed text needs the space more.
        return (
            input_cells(f"{name}> ", Joins())
            if columns(name) <= min(PROMPT_COLUMNS, self._columns // 3)
            else "> "
        )

    def exit(self, error: BaseException | None = None) -> None:
        """End the application, with an error if there is one.

        Answers of the terminal that are on their way are awaited: the shell would get them.
        """
        future = self.app.future
        if future is None or future.done():
            return
        if self._terminal.awaits_answers(time.monotonic()):
            asyncio.get_running_loop().call_later(EXIT_PAUSE, self.exit, error)
        elif error is None:
            self.app.exit(result=0)
        else:
            self.app.exit(exception=error)

    def write(self, sequence: str) -> None:
        """Send an escape sequence that draws nothing."""
        self.app.output.write_raw(sequence)
        self.app.output.flush()

    def follow(self) -> None:
        """Redraw soon, after an event; it may have opened or closed the window."""
        self._drafts.moved()
        self.redraw()

    def redraw(self) -> None:
        """Redraw soon."""
        self.app.invalidate()

    def repaint(self) -> None:
        """Redraw everything soon: the content of the terminal is unknown."""
        output = self.app.output
        output.erase_screen()
        output.cursor_goto(0, 0)
        self.app.renderer.reset(leave_alternate_screen=False)
        self.app.invalidate()


def _depth(colours: bool) -> ColorDepth | None:
    """Return how many colours to use; None leaves it to TERM."""
    if not colours:
        return ColorDepth.DEPTH_1_BIT
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return ColorDepth.DEPTH_24_BIT
    # prompt_toolkit would obey NO_COLOR, but the settings did already, and may override it.
    return ColorDepth.DEPTH_8_BIT if os.environ.get("NO_COLOR") else None
