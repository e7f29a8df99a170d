"""Watches the connection: the round trip, and whether the node can store messages."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from client.api.chat import Chat
from client.protocol.errors import ChatError
from client.protocol.events import Disconnected
from client.tui.latency import Latency
from client.tui.stall import Stall, Wait
from client.tui.unsent import Unsent
from wire import messages as m

LOOK_EVERY = 1.0
"""Seconds between two looks while all is well, or the status line only counts the seconds."""
LOOK_SOON = 0.5
"""Seconds between two looks while something waits."""


class ConnectionWatch:
    """Looks at the connection while something waits, and has the status line redrawn."""

    def __init__(self, chat: Chat, unsent: Unsent, changed: Callable[[], None]) -> None:
        self.latency = Latency(chat, changed)
        self._chat = chat
        self._unsent = unsent
        self._changed = changed
        self._stall = Stall()
        self._is_no_node = False
        self._over: asyncio.Future[None] | None = None

    @property
    def is_stalled(self) -> bool:
        """Whether the node answers, but cannot store messages."""
        return self._stall.is_stalled and not self._is_no_node

    def typed(self) -> None:
        """Note that a line was entered, which may be a message: look now."""
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def took(self, event: m.AnyEvent | Disconnected) -> None:
        """Note an event of the node."""
        if isinstance(event, Disconnected):
            self._is_no_node = event.is_no_node
        if isinstance(event, m.Welcome):
            self._is_no_node = False
            self.latency.welcomed()
        if isinstance(event, m.Welcome | m.Ack):
            self._stall.stored()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            wait = self._wait
            if self._stall.look(time.monotonic(), wait):
                self._ping()
            if wait is not Wait.NOTHING:
                self._changed()
            await self._pause(LOOK_EVERY if wait is Wait.NOTHING else LOOK_SOON)

    async def _pause(self, seconds: float) -> None:
        """Wait until the time is over, or a line is entered."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        timer = loop.call_later(seconds, self.typed)
        try:
            await self._over
        finally:
            timer.cancel()

    @property
    def _wait(self) -> Wait:
        if self._chat.is_greeting:
            return Wait.WELCOME
        if not self._chat.is_connected:
            return Wait.CONNECTION
        # A node that asks for a pause could store the message.
        is_waiting = len(self._unsent) and not self._chat.is_throttled
        return Wait.ACK if is_waiting else Wait.NOTHING

    def _ping(self) -> None:
        with suppress(ChatError):
            self._chat.ask(m.Ping()).add_done_callback(lambda _: self._stall.ponged())
