"""The texts that were typed in the windows and not entered."""

from prompt_toolkit.document import Document

from client.protocol.names import fold
from client.tui.buffers import Buffer, Buffers
from client.tui.line_buffer import LineBuffer


class Drafts:
    """Keeps a draft for each window, and shows that of the current one in the input line.

    The draft of a window that was closed is there again when one of that name is opened.
    """

    def __init__(self, buffers: Buffers, line: LineBuffer) -> None:
        self._buffers = buffers
        self._line = line
        self._at = buffers.current
        self._kept: dict[Buffer, Document] = {}
        self._closed: dict[str, Document] = {}
        """The drafts of windows that were closed, by their names."""

    def turned(self) -> None:
        """Note that a key was pressed: what is typed stays with the window that it was typed in."""
        if self._buffers.current is self._at:
            return
        if self._line.text:
            self._kept[self._at] = self._line.document
        self._show(self._take())

    def moved(self) -> None:
        """Note that an event was shown: what is typed goes along to the window that it opened.

        It stays with a window that the event closed.
        """
        if self._at.name and not self._is_open(self._at):
            self.turned()
            return
        self._note_closed()
        if self._buffers.current is self._at:
            return
        draft = self._take()
        if not self._line.text:
            self._show(draft)
        elif draft.text:
            self._line.history.append_string(draft.text)  # Up shows it

    def _take(self) -> Document:
        """Return the draft of the current window."""
        self._note_closed()
        self._at = self._buffers.current
        kept = self._kept.pop(self._at, None)
        return kept or self._closed.pop(fold(self._at.name), Document())

    def _note_closed(self) -> None:
        """Keep the drafts of closed windows by their names, and not the windows."""
        for buffer in [each for each in self._kept if not self._is_open(each)]:
            self._closed[fold(buffer.name)] = self._kept.pop(buffer)

    def _is_open(self, buffer: Buffer) -> bool:
        return self._buffers.get(buffer.name) is buffer

    def _show(self, draft: Document) -> None:
        self._line.reset(draft)
        self._line.load_history_if_not_yet_loaded()  # otherwise only the next redraw does it
