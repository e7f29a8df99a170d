"""How far the user has read: not what was delivered, but what was on the screen. Pure."""

from collections.abc import Mapping

from client.protocol.names import fold
from client.tui.buffers import Buffers
from wire import messages as m


class ReadMarks:
    """The last position that was read in each room, and in the inbox (``@``)."""

    def __init__(self, buffers: Buffers, earlier: Mapping[str, str]) -> None:
        self._buffers = buffers
        self._earlier = {fold(room): position for room, position in earlier.items()}
        self._read = dict(earlier)
        self._shown: dict[str, str] = {}

    def before(self, event: object) -> None:
        """Note what was read before an event is shown."""
        if (place := _place(event)) is not None and not self._unread(place[0]):
            if (shown := self._shown.get(place[0])) is not None:
                self._read[place[0]] = shown

    def after(self, event: object) -> None:
        """Note an event that is now shown, or counted as unread."""
        if isinstance(event, m.Joined):
            self._shown.setdefault(event.room, event.position)
            self._read.setdefault(event.room, event.position)
            earlier = self._earlier.pop(fold(event.room), None)
            if earlier is not None and (buffer := self._buffers.get(event.room)) is not None:
                buffer.was_read_until(earlier)
        elif (place := _place(event)) is not None:
            self._shown[place[0]] = place[1]

    def forget(self, room: str) -> None:
        """Forget a room that we left."""
        self._shown.pop(room, None)
        self._read.pop(room, None)

    def positions(self) -> dict[str, str]:
        """Return the last position that was read in each room."""
        read = {room: at for room, at in self._shown.items() if not self._unread(room)}
        return self._read | read

    def _unread(self, room: str) -> bool:
        if room == m.INBOX:
            return any(buffer.unread for buffer in self._buffers if buffer.person is not None)
        buffer = self._buffers.get(room)
        return buffer is not None and bool(buffer.unread)


def _place(event: object) -> tuple[str, str] | None:
    """Return room and position of an entry; None for all other events."""
    if isinstance(event, m.Direct):
        return m.INBOX, event.position
    if isinstance(event, m.Message | m.Entered | m.Left | m.Renamed):
        if event.room is not None and event.position is not None:
            return event.room, event.position
    return None
