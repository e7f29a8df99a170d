"""Sends the lines of a filter's input."""

import asyncio
from collections.abc import AsyncIterable, Callable
from functools import partial

from client.api.chat import Chat
from client.cli.input_lines import InputLines
from client.protocol.errors import ChatError, RequestRefused
from client.protocol.names import fold
from client.text.sanitize import safe_line
from wire import messages as m
from wire.errors import Code

MOST_PENDING = 100
"""Unacknowledged lines at a time, so that a file of any size needs little memory."""


class LineSender:
    """Sends lines to a room, and reports failures by their numbers."""

    def __init__(self, chat: Chat, room: str, report: Callable[[str], None]) -> None:
        self.has_failed = False
        self._has_ended = False
        self._chat = chat
        self._room = room
        self._report = report
        self._pending: dict[int, None] = {}
        self._slots = asyncio.Semaphore(MOST_PENDING)

    def end(self, trouble: str) -> None:
        """Report once why the remaining lines are not sent."""
        first = next(iter(self._pending), None)
        self._has_ended = True
        self._report(trouble if first is None else f"line {first} and what follows: {trouble}")

    async def send_all(self, lines: AsyncIterable[bytes | None]) -> None:
        """Send the lines in order; return when all are acknowledged or refused. Raises OSError."""
        number = 0
        read = InputLines(self._fail, self._report)
        async for line in lines:
            number += 1
            if text := read.text(number, line):
                await self._slots.acquire()
                self._post(number, text)
        read.end()
        for _ in range(MOST_PENDING):
            await self._slots.acquire()

    def _post(self, number: int, text: str) -> None:
        self._pending[number] = None
        try:
            answer = self._chat.post(m.Send(room=self._room, text=text))
        except ChatError as error:
            self._settle(number, error)
        else:
            answer.add_done_callback(partial(self._take_answer, number))

    def _take_answer(self, number: int, answer: asyncio.Future[m.AnyEvent]) -> None:
        self._settle(number, None if answer.cancelled() else answer.exception())

    def _settle(self, number: int, error: BaseException | None) -> None:
        if self._has_ended or (error is not None and error is self._chat.failure):
            return  # reported once, not for each line
        if self._is_out_of_room(error):
            return  # likewise: the reader of the events is about to end the filter
        del self._pending[number]
        self._slots.release()
        if error is not None:
            self._fail(number, safe_line(str(error)))

    def _fail(self, number: int, trouble: str) -> None:
        self.has_failed = True
        self._report(f"line {number}: {trouble}")

    def _is_out_of_room(self, error: BaseException | None) -> bool:
        """Return whether a line was refused because the session has lost the room."""
        if not (isinstance(error, RequestRefused) and error.code == Code.NOT_IN_ROOM):
            return False
        return fold(self._room) not in map(fold, self._chat.rooms)
