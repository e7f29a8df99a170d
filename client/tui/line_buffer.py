"""The text of the input line and its cursor, which is never inside a grapheme cluster."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from client.text.width import cluster_end, cluster_start


class LineBuffer(Buffer):
    """The buffer of the input line: moves over, deletes and swaps whole clusters."""

    def __init__(self, completer: Completer) -> None:
        self._was_at = 0
        super().__init__(completer=completer, history=InMemoryHistory(), multiline=True)
        self.on_cursor_position_changed += self._leave_cluster

    def reset(self, document: Document | None = None, append_to_history: bool = False) -> None:
        """Begin with another text; the cursor has not come from anywhere."""
        super().reset(document, append_to_history)
        self._was_at = self.cursor_position

    def _leave_cluster(self, _: Buffer) -> None:
        """Move the cursor out of a cluster, in the direction in which it came."""
        place, edge = self.cursor_position, cluster_end
        if place < self._was_at:
            edge = cluster_start
        self._was_at = edge(self.text, place)
        if self._was_at != place:
            self.cursor_position = self._was_at

    def delete(self, count: int = 1) -> str:
        """Delete characters behind the cursor, and the rest of the last one's cluster."""
        place = self.cursor_position
        return super().delete(cluster_end(self.text, min(len(self.text), place + count)) - place)

    def delete_before_cursor(self, count: int = 1) -> str:
        """Delete characters before the cursor, and the rest of the first one's cluster."""
        place = self.cursor_position
        return super().delete_before_cursor(place - cluster_start(self.text, max(0, place - count)))

    def swap_characters_before_cursor(self) -> None:
        """Swap the last two clusters before the cursor."""
        text, end = self.text, self.cursor_position
        middle = cluster_start(text, max(0, end - 1))
        start = cluster_start(text, max(0, middle - 1))
        self.text = text[:start] + text[middle:end] + text[start:middle] + text[end:]
