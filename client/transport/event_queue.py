"""A bounded queue of received events, for one reader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from client.protocol.events import Received

MOST_WAITING = 1000
"""Events that wait for the reader; at this number the client stops reading from the node."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of their lines, likewise: some lists of the longest lines, or many messages."""
OVERFULL = 4
"""So many times that number or those bytes are never exceeded, whatever is awaited."""


class EventQueue:
    """A bounded queue for one reader; without a reader only the newest events are kept."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.has_ended = False
        self._waiting: deque[Received] = deque()
        self._news = asyncio.Event()
        self._is_read = False
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether the reader should catch up before more is put in."""
        return self._is_read and self._fill >= 1

    @property
    def is_overfull(self) -> bool:
        """Whether nothing more may be put in, even an awaited answer."""
        return self._is_read and self._fill >= OVERFULL

    @property
    def _fill(self) -> float:
        return max(len(self._waiting) / MOST_WAITING, self._bytes / MOST_BYTES)

    @property
    def has_room(self) -> bool:
        """Whether to put in more after it was full."""
        return not self._is_read or self._fill <= 0.5

    def put(self, received: Received) -> None:
        """Add an event."""
        self._waiting.append(received)
        self._bytes += len(received.line)
        while not self._is_read and self._fill > 1:
            self._pop()
        self._news.set()

    def abandon(self) -> None:
        """Note that the reader has gone."""
        self._is_read = False

    def end(self, failure: Exception | None) -> None:
        """End the queue: the reader gets the rest, and then the failure, if any."""
        self.has_ended = True
        self.failure = failure
        self._news.set()

    async def take(self) -> AsyncIterator[Received]:
        """Iterate until the end. Raises the failure that ``end`` got."""
        self._is_read = True
        try:
            while True:
                while self._waiting:
                    yield self._pop()
                if self.has_ended:
                    break
                self._news.clear()
                await self._news.wait()
        finally:
            self.abandon()
        if self.failure:
            raise self.failure

    def _pop(self) -> Received:
        received = self._waiting.popleft()
        self._bytes -= len(received.line)
        return received
