"""Keeps a session connected: link after link, address after address."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable

from client.protocol.effects import Disconnect, Effect
from client.protocol.errors import Ended, NickRefused, Unreachable, refusal
from client.protocol.events import Disconnected, Received
from client.protocol.session import Session
from client.transport.addresses import Address, Endpoints
from client.transport.handover import Handover, TakeLines
from client.transport.keepalive import Keepalive, Verdict
from client.transport.runtime import Runtime, Timer
from client.transport.stream import LineTransport
from wire.codec import decode_event, encode
from wire.errors import Reason, WireError
from wire.messages import AnyEvent, Ping, Quit, Request, Welcome

OPEN_WITHIN = 12.0
"""Seconds for a connection, whatever is slow about it: many addresses of one name among them."""
STEADY_AFTER = 5.0
"""Seconds after which a connection counts as one that worked."""


Rename = Callable[[NickRefused], Awaitable[str]]
"""Asked for another nick when a node refused the one we have."""


class ReconnectingLink:
    """Runs a session over whichever node can be reached.

    ``hear`` gets what is to be shown (None: nothing), and the id or ref that it settles, if any.
    Everything but ``run`` is synchronous: state changes in one place at a time.
    """

    def __init__(
        self,
        session: Session,
        endpoints: Endpoints,
        runtime: Runtime,
        hear: Callable[[Received, bool, str | None], None],
        *,
        tls: ssl.SSLContext | None = None,
        patience: float | None = None,
        rename: Rename | None = None,
    ) -> None:
        self._session = session
        self._endpoints = endpoints
        self._runtime = runtime
        self._hear = hear
        self._tls = tls
        self._patience = patience
        self._rename = rename
        self._link: LineTransport | None = None
        self._keepalive: Keepalive | None = None
        self._alarm: Timer | None = None
        self._handover: Handover | None = None
        self._going_over: asyncio.Task[None] | None = None
        self._is_quitting = False
        self._address = ""
        self._heading_for: Address | None = None
        self._disconnect: Disconnect | None = None
        self._welcomed_at: float | None = None
        self._away_since: float | None = runtime.clock()
        self._told = False
        self._paused = False

    async def run(self) -> None:
        """Stay connected until the session has ended by our own ``quit``.

        Raises Refused (NickRefused) when a node refuses us, Ended when it will not have us back,
        Unreachable when none was there for as long as ``patience`` lasts.
        """
        while True:
            disconnect, why = await self._visit(self._endpoints.next())
            if not disconnect.come_back:
                if disconnect.reason == Reason.QUIT:
                    return
                await self._accept_or_raise(disconnect)
                continue
            self._tell(why)
            pause = max(disconnect.after, self._endpoints.pause())
            await self._runtime.sleep(self._bounded(pause, why))

    def write(self, requests: Iterable[Request]) -> None:
        """Send requests over the present link; without one they are lost."""
        data = b"".join(encode(request) for request in requests)
        if data and self._link and self._keepalive:
            self._keepalive.asked(self._runtime.clock())
            self._link.write(data)

    def quit(self) -> None:
        """Ask the node to end the session."""
        self._is_quitting = True
        self.write([Quit()])

    def stir(self) -> None:
        """Write what the outbox has due, and see to the clock."""
        effect = self._session.wake(self._runtime.clock())
        for doubt in effect.doubts:
            self._hear(Received(doubt), True, doubt.id)
        self.write(effect.write)
        self._set_alarm()

    def pause(self) -> None:
        """Read no more for now."""
        if self._link and not self._paused:
            self._paused = True
            self._link.pause()

    def resume(self) -> None:
        """Read on."""
        if self._link and self._paused:
            self._paused = False
            self._link.resume()
            if self._keepalive:
                self._keepalive.heard(self._runtime.clock())
            self._set_alarm()

    async def _visit(self, address: Address) -> tuple[Disconnect, str]:
        """Talk to one node for as long as it lasts; return how to go on, and why it ended."""
        self._disconnect = None
        try:
            link = await self._open(address, self._take_lines)
        except OSError as error:  # TimeoutError is one of them
            self._raise_if_hopeless(error)
            return Disconnect(come_back=True), f"{address}: {_in_words(error)}"
        self._link, self._address = link, str(address)
        self._keepalive = Keepalive(self._runtime.clock())
        self.write([self._session.connected(self._runtime.now_ms())])
        link.resume()
        self._set_alarm()
        try:
            why = await self._last_word(link)
        finally:
            self._let_go()
        return self._disconnect or Disconnect(come_back=True), f"{self._address}: {why}"

    async def _open(self, address: Address, take_lines: TakeLines) -> LineTransport:
        """Connect. Raises OSError."""
        made: list[LineTransport] = []

        def make() -> LineTransport:
            made.append(LineTransport(take_lines))
            return made[-1]

        opening = self._runtime.open(make, address.host, address.port, self._tls)
        try:
            return await self._runtime.within(OPEN_WITHIN, opening)
        except BaseException:
            # Whoever gives up just when the connection is there would leave it open.
            for link in made:
                link.end("it is not needed any more")
            raise

    async def _last_word(self, link: LineTransport) -> str:
        """Return why the connection ended, or the one that took its place, and so on."""
        while True:
            why = await asyncio.shield(link.closed)
            if self._link is link and self._handover:
                # Another node may have been faster in taking the session than in telling us.
                await self._handover.settled()
            if self._link is link or self._link is None:
                return why
            link = self._link

    def _let_go(self) -> None:
        if self._link:
            self._link.end("done with it")
        self._link = self._keepalive = None
        self._stop_crossing()
        self._paused = False
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        self._session.disconnected()
        now = self._runtime.clock()
        if self._welcomed_at is not None:
            self._count_as_worked(now)
            self._away_since = now
            self._welcomed_at = None

    def _count_as_worked(self, now: float) -> None:
        if self._welcomed_at is not None and now - self._welcomed_at >= STEADY_AFTER:
            self._endpoints.worked()

    # Going over to another node

    def _cross(self, seconds: float, now: float) -> None:
        """The node is about to go: look for another one, for so many seconds."""
        if self._handover or self._is_quitting:
            return
        self._count_as_worked(now)
        self._handover = Handover(
            self._session,
            self._runtime,
            lambda take_lines: self._open(self._next(), take_lines),
            self._endpoints.pause,
            self._arrive,
            lambda: self.write(self._session.stayed()),
        )
        self._going_over = asyncio.create_task(self._handover.run(seconds))
        self._going_over.add_done_callback(self._crossing_ended)

    def _next(self) -> Address:
        self._heading_for = self._endpoints.next()
        return self._heading_for

    def _arrive(
        self, link: LineTransport, welcome: Welcome, line: bytes, rest: list[bytes]
    ) -> None:
        """Let another link take the place of the present one."""
        now = self._runtime.clock()
        self._handover = self._going_over = None
        old, self._link, self._address = self._link, link, str(self._heading_for)
        if old:
            old.end("went on elsewhere")
        self._disconnect, self._keepalive = None, Keepalive(now)
        link.hand_to(self._take_lines)
        if self._paused:
            link.pause()
        self._follow(self._session.handed_over(welcome, now), welcome, line, now)
        if self._is_quitting:
            self.write([Quit()])
        self._take_lines(rest)

    def _crossing_ended(self, task: asyncio.Task[None]) -> None:
        if task is self._going_over:
            self._handover = self._going_over = None

    def _stop_crossing(self) -> None:
        if self._going_over:
            self._going_over.cancel()
        self._handover = self._going_over = None

    # What the node says

    def _take_lines(self, lines: list[bytes]) -> None:
        now = self._runtime.clock()
        if lines and self._keepalive:
            self._keepalive.heard(now)
        for line in lines:
            if self._disconnect:
                break
            self._take(line, now)
        if self._handover:
            self._handover.stir()
        self._set_alarm()

    def _take(self, line: bytes, now: float) -> None:
        try:
            event = decode_event(line)
        except WireError as error:
            if error.fatal and self._link:
                self._disconnect = Disconnect(come_back=True)
                self._link.end(f"the node does not speak the protocol: {error.text}")
                return
            event = None  # an event that has changed since; skipping it is how to live with it
        if event is None:
            self._hear(Received(None, line), True, None)
            return
        self._follow(self._session.take(event, now), event, line, now)

    def _follow(self, effect: Effect, event: AnyEvent, line: bytes, now: float) -> None:
        """Do what an event leads to."""
        if isinstance(event, Welcome):
            self._take_welcome(now)
        self.write(effect.write)
        received = Received(event, line, is_end=effect.disconnect is not None)
        self._hear(received, effect.show, effect.settled)
        for doubt in effect.doubts:
            self._hear(Received(doubt), True, doubt.id)
        if effect.move is not None:
            self._cross(effect.move, now)
        if effect.disconnect and self._link:
            self._disconnect = effect.disconnect
            refused = effect.disconnect.refusal
            self._link.end(refused.text if refused else f"goodbye: {effect.disconnect.reason}")

    def _take_welcome(self, now: float) -> None:
        self._welcomed_at = now
        self._away_since = None
        self._told = False
        if self._keepalive:
            self._keepalive.welcomed()

    def _set_alarm(self) -> None:
        """Ask to be woken when the node should have been heard, or the outbox has something due."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._keepalive is None or self._paused:
            return
        times = [self._keepalive.next_at(self._session.is_owed), self._session.wake_at]
        at = min(time for time in times if time is not None)
        delay = max(0.0, at - self._runtime.clock())
        self._alarm = self._runtime.call_later(delay, self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm = None
        if self._keepalive is None or self._link is None:
            return
        verdict = self._keepalive.judge(self._runtime.clock(), self._session.is_owed)
        if verdict is Verdict.DEAD:
            self._link.end("the node does not answer")
            return
        if verdict is Verdict.PING:
            self.write([Ping()])
        self.stir()

    async def _accept_or_raise(self, disconnect: Disconnect) -> None:
        """Take another nick, where that is the trouble and somebody knows one."""
        if disconnect.refusal is None:
            raise Ended(disconnect.reason, disconnect.text)
        error = refusal(disconnect.refusal)
        if not isinstance(error, NickRefused) or self._rename is None:
            raise error
        self._session.nick = await self._rename(error)

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._hear(Received(Disconnected(why)), True, None)

    def _bounded(self, pause: float, why: str) -> float:
        """Return the pause, cut to what is left of our patience. Raises Unreachable."""
        if self._patience is None or self._away_since is None:
            return pause
        left = self._away_since + self._patience - self._runtime.clock()
        if left <= 0:
            raise Unreachable(f"No node could be reached; the last one tried: {why}.")
        return min(pause, left)

    def _raise_if_hopeless(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLCertVerificationError) and self._session.node is None:
            raise Unreachable(f"The node's certificate is not to be trusted: {error}.") from error


def _in_words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
