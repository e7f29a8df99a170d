"""Collects what the status line shows."""

import time
from collections.abc import Callable

from client.api.chat import Chat
from client.tui.bars import Status
from client.tui.buffers import Buffers
from client.tui.connection_watch import ConnectionWatch
from client.tui.entering import too_long
from client.tui.event_actions import EventActions
from client.tui.people_list import people_number
from client.tui.reading import Reading
from client.tui.unsent import Unsent


class StatusLine:
    """Returns the present status of a chat and of what is on the screen.

    ``typed`` returns the text in the input line.
    """

    def __init__(
        self,
        chat: Chat,
        buffers: Buffers,
        events: EventActions,
        watch: ConnectionWatch,
        unsent: Unsent,
        reading: Reading,
        typed: Callable[[], str],
    ) -> None:
        self._chat = chat
        self._buffers = buffers
        self._events = events
        self._watch = watch
        self._unsent = unsent
        self._reading = reading
        self._typed = typed

    def status(self, below: int, mentions: tuple[str, ...]) -> Status:
        """Return the status, with so many rows ``below``, and hidden ``mentions``."""
        away_at = self._events.away_at
        return Status(
            nick=self._chat.nick,
            node=self._chat.node or "",
            away=None if away_at is None else time.monotonic() - away_at,
            was_welcomed=self._events.was_welcomed,
            latency=self._watch.latency.seconds,
            unsent=len(self._unsent),
            below=below,
            people=people_number(self._buffers.current),
            search=self._reading.place,
            mentions=mentions,
            stalled=self._watch.is_stalled,
            too_long=too_long(self._typed()),
        )
