"""The handover to another node over a second connection, while the first one still works."""

import asyncio
from collections.abc import Callable, Iterable

from client.protocol.greeting import HELLO
from client.protocol.session import Session
from client.transport.active_link import ActiveLink
from client.transport.connector import Connector
from client.transport.runtime import Runtime
from wire.codec import decode_event
from wire.errors import WireError
from wire.messages import Bye, Error, PingEvent, Pong, Request, Welcome

ANSWERED_WITHIN = 1.0
"""Seconds to wait for answers of the present node before the session moves."""
NEXT_WELCOME_WITHIN = 2.0
"""Seconds for the next node to welcome us; new requests wait for as long."""
PAUSES = 4
"""A pause between two attempts takes at most this part of the whole time."""


class Handover:
    """Tries one node after the other until one welcomes us or the time is up.

    ``arrive`` gets the new connection, its welcome, the line of that, and the lines behind it;
    ``stay`` gets the requests that waited for a node that did not welcome us.
    """

    def __init__(
        self,
        session: Session,
        runtime: Runtime,
        connector: Connector,
        arrive: Callable[[ActiveLink, Welcome, bytes, list[bytes]], None],
        stay: Callable[[Iterable[Request]], None],
    ) -> None:
        self._session = session
        self._runtime = runtime
        self._connector = connector
        self._arrive = arrive
        self._stay = stay
        self._task: asyncio.Task[None] | None = None
        self._next: ActiveLink | None = None
        self._outcome: asyncio.Future[bool] | None = None
        self._quiet = asyncio.Event()

    def start(self, seconds: float) -> None:
        """Start, with a limit in seconds."""
        self._task = asyncio.create_task(self._run(seconds))

    def cancel(self) -> None:
        """Stop at once."""
        if self._task is not None:
            self._task.cancel()

    @property
    def is_over(self) -> bool:
        """Whether it has succeeded or failed."""
        return self._task is not None and self._task.done()

    def stir(self) -> None:
        """Note that the present node has answered something."""
        if self._session.may_hand_over:
            self._quiet.set()

    async def settled(self) -> None:
        """Wait for the outcome of a hello that was sent."""
        if self._outcome is not None and not self._outcome.done():
            await asyncio.shield(self._outcome)

    async def _run(self, seconds: float) -> None:
        end = self._runtime.clock() + seconds
        endpoints = self._connector.endpoints
        while True:
            # After many moves in a row, as at a rolling restart, the backoff outlasts a drain.
            pause = endpoints.pause(seconds / PAUSES)
            await self._runtime.sleep(min(pause, end - self._runtime.clock()))
            if self._runtime.clock() >= end:
                return
            try:
                following = await self._connector.open(endpoints.next(), self._take_lines)
            except OSError:
                continue
            try:
                if await self._is_welcome(following):
                    return
            except BaseException:
                following.end("no longer needed")
                raise
            following.end("the node sent no welcome")
            self._stay(self._session.handover_failed())

    async def _is_welcome(self, following: ActiveLink) -> bool:
        """Send a hello over a connection; return whether the node welcomed us."""
        self.stir()
        try:
            await self._runtime.within(ANSWERED_WITHIN, self._quiet.wait())
        except TimeoutError:
            pass  # repeat the requests there; a second answer may differ
        self._quiet.clear()
        self._next = following
        self._outcome = outcome = asyncio.get_running_loop().create_future()
        following.link.closed.add_done_callback(self._lost)
        hello = self._session.handover_hello(self._runtime.now_ms())
        following.begin(hello, self._runtime.clock())
        try:
            return await self._runtime.within(NEXT_WELCOME_WITHIN, asyncio.shield(outcome))
        except TimeoutError:
            return outcome.done() and outcome.result()
        finally:
            self._settle(False)

    def _settle(self, is_welcome: bool) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(is_welcome)

    def _lost(self, closed: "asyncio.Future[str]") -> None:
        if self._next is not None and closed is self._next.link.closed:
            self._settle(False)

    def _take_lines(self, lines: list[bytes]) -> None:
        """Handle what the next node sends before its welcome."""
        for number, line in enumerate(lines, 1):
            if self._next is None or self._outcome is None or self._outcome.done():
                return
            try:
                event = decode_event(line)
            except WireError:
                self._settle(False)
                return
            if isinstance(event, Welcome):
                self._settle(True)
                self._arrive(self._next, event, line, lines[number:])
            elif isinstance(event, PingEvent):
                self._next.write([Pong(ref=event.ref)], self._runtime.clock())
            elif isinstance(event, Bye) or (
                isinstance(event, Error) and event.ref == HELLO and event.room is None
            ):
                self._settle(False)
