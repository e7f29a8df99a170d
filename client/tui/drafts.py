"""The texts that were typed in the windows and not entered."""

from weakref import WeakKeyDictionary

from prompt_toolkit.document import Document

from client.tui.buffers import Buffer, Buffers
from client.tui.line_buffer import LineBuffer


class Drafts:
    """Keeps a draft for each window, and shows that of the current one in the input line."""

    def __init__(self, buffers: Buffers, line: LineBuffer) -> None:
        self._buffers = buffers
        self._line = line
        self._at = buffers.current
        self._kept: WeakKeyDictionary[Buffer, Document] = WeakKeyDictionary()

    def turned(self) -> None:
        """Note that a key was pressed: what is typed stays with the window that it was typed in."""
        if self._buffers.current is self._at:
            return
        if self._line.text:
            self._kept[self._at] = self._line.document
        self._show(self._take())

    def moved(self) -> None:
        """Note that an event was shown: what is typed goes along to the window that it opened."""
        if self._buffers.current is self._at:
            return
        draft = self._take()
        if not self._line.text:
            self._show(draft)
        elif draft.text:
            self._line.history.append_string(draft.text)  # Up shows it

    def _take(self) -> Document:
        """Return the draft of the current window."""
        self._at = self._buffers.current
        return self._kept.pop(self._at, Document())

    def _show(self, draft: Document) -> None:
        self._line.reset(draft)
        self._line.load_history_if_not_yet_loaded()  # otherwise only the next redraw does it
