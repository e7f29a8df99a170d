"""Received events on their way to the program, and the answers to its requests."""

import asyncio

from msgspec import Struct
from msgspec.structs import replace

from client.protocol.errors import ChatError, is_passing, refusal
from client.protocol.events import Disconnected, Received, Then
from client.protocol.session import Session
from client.transport.event_queue import EventQueue
from wire.messages import AnyEvent, Error


class Pending(Struct):
    """An unanswered request: the future of its answer, and what the reader does with that."""

    answer: asyncio.Future[AnyEvent]
    then: Then | None


class Incoming:
    """Settles the requests of a session, and queues its events for one reader.

    The link puts in the events. The program awaits answers and reads the queue.
    """

    def __init__(self, session: Session) -> None:
        self.queue = EventQueue()
        self._session = session
        self._pending: dict[str, Pending] = {}
        """Requests by their ``ref``, messages by their ``id``."""
        self._ready: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the reader is behind, and no answer is awaited that follows the queued events."""
        return self.queue.is_overfull or (self.queue.is_full and not self._pending)

    @property
    def has_room(self) -> bool:
        """Whether to put in more after it was full."""
        return self.queue.has_room or (bool(self._pending) and not self.queue.is_overfull)

    def start(self) -> None:
        """Prepare ``ready``; needs a running loop."""
        self._ready = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(_count_as_seen)

    async def ready(self) -> None:
        """Wait until a node has welcomed us into all rooms. Raises ChatError."""
        assert self._ready, "call start() first"
        await asyncio.shield(self._ready)

    def expect(self, name: str, then: Then | None = None) -> asyncio.Future[AnyEvent]:
        """Return a future for the answer to a request (its ``ref``) or message (its ``id``).

        The answer is among the events as well; there it carries ``then``.
        """
        answer: asyncio.Future[AnyEvent] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_count_as_seen)
        if self.queue.has_ended:
            answer.set_exception(self.queue.failure or ChatError("The chat is closed."))
        else:
            self._pending[name] = Pending(answer, then)
        return answer

    def put(self, received: Received, show: bool = True, settled: str | None = None) -> None:
        """Settle the request named ``settled`` with an event; queue the event if ``show``."""
        event = received.event
        pending = self._pending.pop(settled, None) if settled else None
        if pending is not None:
            _settle(pending.answer, event)
            if pending.then is not None:
                received = replace(received, then=pending.then)
        if self._ready and not self._ready.done():
            if isinstance(event, Error) and event.room is not None and not is_passing(event):
                self._ready.set_exception(refusal(event))
                received = replace(received, is_end=True)
            elif self._session.is_ready:
                self._ready.set_result(None)
        if show:
            self.queue.put(received)

    def end(self, failure: Exception | None) -> None:
        """End the queue, and fail what is unanswered; ``failure`` is None if the user closed it."""
        if self.queue.has_ended:
            return
        self.queue.end(failure)
        reason = failure or ChatError("The chat is closed.")
        if self._ready and not self._ready.done():
            self._ready.set_exception(reason)
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(reason)
        self._pending.clear()


def _settle(answer: asyncio.Future[AnyEvent], event: AnyEvent | Disconnected | None) -> None:
    if answer.done():
        return
    if isinstance(event, Error):
        answer.set_exception(refusal(event))
    elif event is not None and not isinstance(event, Disconnected):
        answer.set_result(event)


def _count_as_seen(future: asyncio.Future[AnyEvent] | asyncio.Future[None]) -> None:
    """Avoid asyncio's warning: a program that does not await an answer finds it in the queue."""
    if not future.cancelled():
        future.exception()
