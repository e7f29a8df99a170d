"""Going over to another node by a second connection, while the first one still serves."""

import asyncio
from collections.abc import Awaitable, Callable

from client.protocol.session import HELLO, Session
from client.transport.runtime import Runtime
from client.transport.stream import LineTransport
from wire.codec import decode_event, encode
from wire.errors import WireError
from wire.messages import Bye, Error, PingEvent, Pong, Welcome

ANSWERED_WITHIN = 1.0
"""Seconds to wait for what the present node still owes, before the session is taken elsewhere."""
WELCOME_WITHIN = 2.0
"""Seconds for another node to welcome us: what is asked meanwhile waits as long."""

TakeLines = Callable[[list[bytes]], None]


class Handover:
    """Tries one node after the other, until one has welcomed us or the time is up.

    ``connect`` opens a link to the next node; ``pause`` tells the seconds to wait before it.
    ``arrive`` gets the link that welcomed us, the welcome, its line, and the lines behind it;
    ``stay`` is told that one did not.
    """

    def __init__(
        self,
        session: Session,
        runtime: Runtime,
        connect: Callable[[TakeLines], Awaitable[LineTransport]],
        pause: Callable[[], float],
        arrive: Callable[[LineTransport, Welcome, bytes, list[bytes]], None],
        stay: Callable[[], None],
    ) -> None:
        self._session = session
        self._runtime = runtime
        self._connect = connect
        self._pause = pause
        self._arrive = arrive
        self._stay = stay
        self._link: LineTransport | None = None
        self._outcome: asyncio.Future[bool] | None = None
        self._quiet = asyncio.Event()

    async def run(self, seconds: float) -> None:
        """Go over, or give it up when so many seconds have passed."""
        end = self._runtime.clock() + seconds
        while True:
            await self._runtime.sleep(min(self._pause(), end - self._runtime.clock()))
            if self._runtime.clock() >= end:
                return
            try:
                link = await self._connect(self._take_lines)
            except OSError:
                continue
            try:
                if await self._is_welcome(link):
                    return
            except BaseException:
                link.end("it is not needed any more")
                raise
            link.end("it did not welcome us")
            self._stay()

    def stir(self) -> None:
        """Take note that the present node has answered something."""
        if self._session.may_cross:
            self._quiet.set()

    async def settled(self) -> None:
        """Wait until it is known what becomes of a hello that has been said."""
        if self._outcome is not None and not self._outcome.done():
            await asyncio.shield(self._outcome)

    async def _is_welcome(self, link: LineTransport) -> bool:
        """Say hello over a link; return whether that was welcome."""
        self.stir()
        try:
            await self._runtime.within(ANSWERED_WITHIN, self._quiet.wait())
        except TimeoutError:
            pass  # what is asked twice may be answered as what it then is
        self._quiet.clear()
        self._link = link
        self._outcome = outcome = asyncio.get_running_loop().create_future()
        link.closed.add_done_callback(self._lost)
        link.write(encode(self._session.handover_hello(self._runtime.now_ms())))
        link.resume()
        try:
            return await self._runtime.within(WELCOME_WITHIN, asyncio.shield(outcome))
        except TimeoutError:
            return outcome.done() and outcome.result()
        finally:
            self._settle(False)

    def _settle(self, is_welcome: bool) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(is_welcome)

    def _lost(self, closed: "asyncio.Future[str]") -> None:
        if self._link is not None and closed is self._link.closed:
            self._settle(False)

    def _take_lines(self, lines: list[bytes]) -> None:
        """Take what another node says before it has welcomed us."""
        for number, line in enumerate(lines, 1):
            if self._link is None or self._outcome is None or self._outcome.done():
                return
            try:
                event = decode_event(line)
            except WireError:
                self._settle(False)
                return
            if isinstance(event, Welcome):
                self._settle(True)
                self._arrive(self._link, event, line, lines[number:])
            elif isinstance(event, PingEvent):
                self._link.write(encode(Pong(ref=event.ref)))
            elif isinstance(event, Bye) or (
                isinstance(event, Error) and event.ref == HELLO and event.room is None
            ):
                self._settle(False)
