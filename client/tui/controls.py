"""What stands in the windows of the screen, drawn cluster by cluster."""

from collections.abc import Callable

from msgspec.structs import replace
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import UIContent, UIControl

from client.text.theme import Theme
from client.text.width import Joins
from client.tui.buffers import Buffers
from client.tui.cells import cells
from client.tui.rows import Line
from client.tui.viewport import Viewport


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
        return Viewport(buffer, self._theme, *self._size, word=self._word())

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
        return _content(self.view.lines())

    def use(self, joins: Joins) -> None:
        """Note what the terminal can draw."""
        self._theme = replace(self._theme, joins=joins)


class LinesControl(UIControl):
    """Other lines; ``lines`` gets the width and the height, and returns those that are drawn."""

    def __init__(self, lines: Callable[[int, int], list[Line]]) -> None:
        self._lines = lines

    def is_focusable(self) -> bool:
        """The input line gets the keys."""
        return False

    def create_content(self, width: int, height: int) -> UIContent:
        """Called by prompt_toolkit."""
        return _content(self._lines(width, height))


def _content(lines: list[Line]) -> UIContent:
    drawn: list[StyleAndTextTuples] = [
        [cells(style, text) for style, text in line] for line in lines
    ]
    return UIContent(drawn.__getitem__, len(drawn), show_cursor=False)
