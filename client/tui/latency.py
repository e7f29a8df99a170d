"""Measures the round trip to the node."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from client.api.chat import Chat
from client.protocol.errors import ChatError
from wire.messages import Ping

MEASURE_EVERY = 10.0
"""Seconds between two measurements."""


class Latency:
    """Measures on each new connection and then regularly; ``seconds`` is the latest value."""

    def __init__(self, chat: Chat, changed: Callable[[], None]) -> None:
        self.seconds: float | None = None
        self._chat = chat
        self._changed = changed
        self._welcomed = asyncio.Event()

    def welcomed(self) -> None:
        """Note a new connection."""
        self._welcomed.set()

    async def measure(self) -> None:
        """Measure until the chat ends."""
        with suppress(ChatError):
            while True:
                self._welcomed.clear()
                begun = time.monotonic()
                await self._chat.ask(Ping())
                if not self._welcomed.is_set():  # otherwise the ping was repeated
                    self.seconds = time.monotonic() - begun
                    self._changed()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._welcomed.wait(), MEASURE_EVERY)
