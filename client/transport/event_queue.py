"""A bounded queue of received events, for one reader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from client.protocol.events import Received

MOST_WAITING = 1000
"""Events that wait for the reader; when they are as many, the node is left to keep the rest."""


class EventQueue:
    """A bounded queue for one reader; while there is none, only the newest are kept."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.has_ended = False
        self._waiting: deque[Received] = deque()
        self._news = asyncio.Event()
        self._is_read = False

    @property
    def is_full(self) -> bool:
        """Whether a reader should get time to catch up before more is put in."""
        return self._is_read and len(self._waiting) >= MOST_WAITING

    @property
    def has_room(self) -> bool:
        """Whether it is time to go on after it was full."""
        return not self._is_read or len(self._waiting) <= MOST_WAITING // 2

    def put(self, received: Received) -> None:
        """Add what was heard last."""
        self._waiting.append(received)
        if not self._is_read and len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
        self._news.set()

    def abandon(self) -> None:
        """Expect no reader any more."""
        self._is_read = False

    def end(self, failure: Exception | None) -> None:
        """Nothing more comes; the reader gets what is there, and then the failure, if any."""
        self.has_ended = True
        self.failure = failure
        self._news.set()

    async def take(self) -> AsyncIterator[Received]:
        """Iterate until the end. Raises what ``end`` was told."""
        self._is_read = True
        try:
            while True:
                while self._waiting:
                    yield self._waiting.popleft()
                if self.has_ended:
                    break
                self._news.clear()
                await self._news.wait()
        finally:
            self.abandon()
        if self.failure:
            raise self.failure
