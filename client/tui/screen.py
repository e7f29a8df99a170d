"""The full screen: the bar of buffers, the rows, the status line and the input line."""

import os
from collections.abc import Callable, Iterable

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.layout import (
    BufferControl,
    Dimension,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    UIContent,
    UIControl,
    Window,
)
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import (
    BeforeInput,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import Style

from client.text.sanitize import JOINERS, safe_line, safe_word
from client.text.theme import ALARM, Theme
from client.text.width import columns, steady
from client.tui.bars import Status, room_bar, status
from client.tui.buffers import Buffers
from client.tui.completion import candidates
from client.tui.keymap import Actions, bindings
from client.tui.viewport import Viewport

REDRAW_PAUSE = 0.05
"""Least seconds between two redraws, so that many messages a second cost no more than 20."""
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
    }
)


class RowsControl(UIControl):
    """The visible part of the current buffer."""

    def __init__(self, buffers: Buffers, theme: Theme, word: Callable[[], str]) -> None:
        self._buffers = buffers
        self._theme = theme
        self._word = word
        self._size = (80, 24)

    @property
    def view(self) -> Viewport:
        """The viewport of the current buffer."""
        buffer = self._buffers.current
        word = self._word() if buffer.anchor is not None else ""
        return Viewport(buffer, self._theme, *self._size, word=word)

    @property
    def height(self) -> int:
        """The number of lines."""
        return self._size[1]

    def is_focusable(self) -> bool:
        """The input line gets the keys."""
        return False

    def create_content(self, width: int, height: int) -> UIContent:
        """Called by prompt_toolkit."""
        self._size = (width, height)
        lines: list[StyleAndTextTuples] = [list(line) for line in self.view.lines()]
        return UIContent(lines.__getitem__, len(lines), show_cursor=False)


class Escaping(Processor):
    """Escapes the text of the input line, which may have been pasted."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Called by prompt_toolkit; each character stays one, or the cursor would be wrong."""
        fragments = transformation_input.fragments
        return Transformation(
            [(style, "".join(map(_visible, text))) for style, text, *_ in fragments]
        )


def _visible(character: str) -> str:
    shown = safe_line(character)
    # Whether a joiner is harmless depends on its neighbours, unknown here; it has no width anyway.
    return shown if len(shown) == 1 else character if character in JOINERS else "\ufffd"


class Completions(Completer):
    """Offers completions for the text before the cursor."""

    def __init__(self, buffers: Buffers) -> None:
        self._buffers = buffers

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Called by prompt_toolkit."""
        buffers = self._buffers
        rooms = [buffer.name for buffer in buffers]
        nicks = reversed(buffers.current.nicks)
        word, found = candidates(document.text_before_cursor, rooms, nicks)
        for text in found:
            yield Completion(text, start_position=-len(word), display=safe_word(text.strip()))


class Screen:
    """Draws the buffers, and passes keys to ``actions``; ``state`` returns the status."""

    def __init__(
        self,
        buffers: Buffers,
        theme: Theme,
        actions: Actions,
        state: Callable[[int], Status],
        word: Callable[[], str],
        *,
        colours: bool = True,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._buffers = buffers
        self._state = state
        self.rows = RowsControl(buffers, theme, word)
        self.input = Buffer(
            completer=Completions(buffers),
            history=InMemoryHistory(),
            multiline=True,
        )
        self.app: Application[int] = Application(
            layout=Layout(self._layout()),
            key_bindings=bindings(self.input, actions),
            style=STYLE,
            full_screen=True,
            min_redraw_interval=REDRAW_PAUSE,
            color_depth=_depth(colours),
            input=input,
            output=output,
        )
        self.app.ttimeoutlen = 0.05  # for Escape alone; Alt+digit comes in one piece

    def _layout(self) -> FloatContainer:
        bar = {"height": 1, "style": "class:bar", "wrap_lines": False}
        line = Window(
            BufferControl(
                self.input,
                input_processors=[Escaping(), BeforeInput(self._prompt, "class:prompt")],
                focus_on_click=False,
            ),
            height=Dimension(min=1, max=MOST_INPUT_LINES),
            wrap_lines=True,
            dont_extend_height=True,
        )
        rows = HSplit(
            [
                Window(FormattedTextControl(self._room_bar), **bar),  # type: ignore[arg-type]
                Window(self.rows, wrap_lines=False, always_hide_cursor=True),
                Window(FormattedTextControl(self._status), **bar),  # type: ignore[arg-type]
                line,
            ]
        )
        menu = Float(CompletionsMenu(max_height=8), xcursor=True, ycursor=True)
        return FloatContainer(rows, [menu])

    @property
    def _columns(self) -> int:
        return self.app.output.get_size().columns

    def _room_bar(self) -> StyleAndTextTuples:
        return list(room_bar(self._buffers, self._columns))

    def _status(self) -> StyleAndTextTuples:
        below = self.rows.view.below()
        return list(status(self._state(below), self._columns))

    def _prompt(self) -> str:
        name = steady(safe_word(self._buffers.current.name))
        # On a narrow screen the typed text needs the space more.
        return f"{name}> " if columns(name) <= min(PROMPT_COLUMNS, self._columns // 3) else "> "

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
