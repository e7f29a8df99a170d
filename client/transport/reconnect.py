"""Keeps a session connected: connects, reconnects, and hands over to other nodes."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable

from client.protocol.bounds import violation
from client.protocol.effects import Disconnect, Effect
from client.protocol.errors import Ended, NickRefused, refusal
from client.protocol.events import Disconnected, Received
from client.protocol.session import Session
from client.transport import reasons
from client.transport.active_link import ActiveLink
from client.transport.addresses import Address
from client.transport.connector import Connector
from client.transport.encryption import (
    raise_if_only_client_has_it,
    raise_if_only_node_has_it,
    raise_if_untrusted,
)
from client.transport.handover import Handover
from client.transport.incoming import Incoming
from client.transport.keepalive import Verdict
from client.transport.outage import Outage
from client.transport.runtime import Alarm, Runtime
from wire.codec import decode_event
from wire.errors import Reason, WireError
from wire.messages import AnyEvent, Error, Ping, Quit, Request, Welcome
from wire.text import escape

log = logging.getLogger(__name__)

Rename = Callable[[NickRefused], Awaitable[str]]
"""Awaited for another nick when a node refused the present one."""


class ReconnectingLink:
    """Runs a session over whichever node can be reached.

    ``incoming`` gets the events. All methods but ``run`` are synchronous, so the state changes in
    one place at a time.
    """

    def __init__(
        self,
        session: Session,
        connector: Connector,
        runtime: Runtime,
        incoming: Incoming,
        *,
        patience: float | None = None,
        rename: Rename | None = None,
    ) -> None:
        self._session = session
        self._connector = connector
        self._runtime = runtime
        self._incoming = incoming
        self._rename = rename
        self._active: ActiveLink | None = None
        self._handover: Handover | None = None
        self._alarm = Alarm(runtime)
        self._is_quitting = False
        self._outage = Outage(patience, runtime.clock())

    async def run(self) -> None:
        """Stay connected until ``quit`` has ended the session.

        Raises RequestRefused (NickRefused) when a node refuses the session, Ended when the node
        ended it, Unreachable when no node was there for ``patience`` seconds.
        """
        endpoints = self._connector.endpoints
        while True:
            disconnect, event = await self._visit(endpoints.next())
            if not disconnect.reconnect:
                if disconnect.reason == Reason.QUIT:
                    return
                await _accept_or_raise(disconnect, self._session, self._rename)
                continue
            if self._outage.is_news():
                log.info("no connection: %s; trying again", escape(event.why))
                self._put(Received(event))
            pause = max(disconnect.after, endpoints.pause())
            pause = self._outage.bounded(pause, event.why, self._runtime.clock())
            await self._runtime.sleep(pause)

    @property
    def has_answered(self) -> bool:
        """Whether the node of the present connection has sent anything."""
        return self._active is not None and self._active.has_answered

    def write(self, requests: Iterable[Request]) -> None:
        """Send requests over the present connection; without one they are dropped."""
        if self._active:
            self._active.write(requests, self._runtime.clock())

    def quit(self) -> None:
        """Ask the node to end the session."""
        self._is_quitting = True
        self.write([Quit()])

    def stir(self) -> None:
        """Write the messages that are due, and set the alarm again."""
        effect = self._session.wake(self._runtime.clock())
        self._give_up(effect.doubts)
        self.write(effect.write)
        self._set_alarm()

    def balance(self) -> None:
        """Stop reading while the reader of the events is behind; continue once it has caught up."""
        active = self._active
        if active is None:
            return
        if self._incoming.is_full:
            if not active.paused:
                active.pause()
        elif self._incoming.has_room and active.paused:
            active.resume(self._runtime.clock())
            self._set_alarm()

    def _put(self, received: Received, show: bool = True, settled: str | None = None) -> None:
        self._incoming.put(received, show, settled)
        self.balance()

    def _give_up(self, messages: Iterable[Error]) -> None:
        for error in messages:
            self._put(Received(error), True, error.id)

    async def _visit(self, address: Address) -> tuple[Disconnect, Disconnected]:
        """Run one connection to its end; return what to do next, and why it ended."""
        try:
            active = await self._connector.open(address, self._take_lines)
        except OSError as error:  # TimeoutError is one of them
            if self._session.node is None:  # later, another node may have a valid certificate
                raise_if_untrusted(error, address)
                await raise_if_only_client_has_it(error, address, self._runtime)
            host = address.host if isinstance(error, socket.gaierror) else ""
            return Disconnect(reconnect=True), Disconnected(reasons.unopened(error, address), host)
        self._active = active
        active.begin(self._session.connected(self._runtime.now_ms()), self._runtime.clock())
        self._set_alarm()
        try:
            last, why = await self._last_word(active)
        finally:
            self._let_go()
        is_clear = active.was_understood or self._connector.has_tls or why == reasons.SILENT
        if self._session.node is None and not is_clear:
            await raise_if_only_node_has_it(address, self._runtime)
        if self._session.node is None and not last.has_answered:
            why = reasons.unanswered(why)
        event = Disconnected(f"{why} ({last.address})", is_no_node=reasons.is_no_node(why))
        return last.disconnect or Disconnect(reconnect=True), event

    async def _last_word(self, active: ActiveLink) -> tuple[ActiveLink, str]:
        """Wait for the end of the connection, or of the one that a handover replaced it by."""
        while True:
            why = await asyncio.shield(active.link.closed)
            if self._active is active and self._handover:
                # The next node may have the session already, and its welcome be on its way.
                await self._handover.settled()
            if self._active is active or self._active is None:
                return active, why
            active = self._active

    def _let_go(self) -> None:
        active, self._active = self._active, None
        if self._handover:
            self._handover.cancel()
            self._handover = None
        self._alarm.stop()
        self._session.disconnected()
        if active is None:
            return
        active.end("done with it")
        if active.was_welcomed:
            now = self._runtime.clock()
            if active.has_lasted(now):
                self._connector.endpoints.worked()
            self._outage.begin(now)

    # The handover to another node

    def _hand_over(self, active: ActiveLink, seconds: float, now: float) -> None:
        """Start a handover, because the node is about to stop in so many seconds."""
        if self._is_quitting or (self._handover and not self._handover.is_over):
            return
        if active.has_lasted(now):
            self._connector.endpoints.worked()
        self._handover = Handover(
            self._session, self._runtime, self._connector, self._arrive, self.write
        )
        self._handover.start(seconds)

    def _arrive(
        self, following: ActiveLink, welcome: Welcome, line: bytes, rest: list[bytes]
    ) -> None:
        """Replace the present connection by the one of the next node."""
        now = self._runtime.clock()
        self._handover = None
        old, self._active = self._active, following
        if old:
            old.end("moved to another node")
        following.keepalive.heard(now)
        following.link.hand_to(self._take_lines)
        if old and old.paused:
            following.pause()
        self._follow(self._session.handed_over(welcome, now), welcome, line, now)
        if self._is_quitting:
            self.write([Quit()])
        self._take_lines(rest)

    # What the node says

    def _take_lines(self, lines: list[bytes]) -> None:
        now = self._runtime.clock()
        if lines and self._active:
            self._active.heard(now)
        for line in lines:
            if self._active is None or self._active.disconnect:
                break
            self._take(self._active, line, now)
        if self._handover:
            self._handover.stir()
        self._set_alarm()

    def _take(self, active: ActiveLink, line: bytes, now: float) -> None:
        try:
            event = decode_event(line)
        except WireError as error:
            if error.fatal:
                why = reasons.not_understood(line, error.text)
                active.leave(Disconnect(reconnect=True), why)
                return
            event = None  # an event of a newer protocol, whose fields have changed: skip it
        if event is None:
            self._put(Received(None, line))
            return
        if (excess := violation(event)) is not None:
            why = f"the node does not speak the protocol: {excess}"
            active.leave(Disconnect(reconnect=True), why)
            return
        self._follow(self._session.take(event, now), event, line, now)

    def _follow(self, effect: Effect, event: AnyEvent, line: bytes, now: float) -> None:
        """Carry out the effect of an event."""
        active = self._active
        if isinstance(event, Welcome):
            self._outage.end()
            if active:
                active.welcomed(now)
        self.write(effect.write)
        received = Received(event, line, is_end=effect.disconnect is not None)
        self._put(received, effect.show, effect.settled)
        self._give_up(effect.doubts)
        if active is None:
            return
        if effect.move is not None:
            self._hand_over(active, effect.move, now)
        if effect.disconnect:
            error = effect.disconnect.refusal
            why = (
                reasons.refused(error.text) if error else reasons.said_bye(effect.disconnect.reason)
            )
            active.leave(effect.disconnect, why)

    # The clock

    def _set_alarm(self) -> None:
        """Set the timer for the keepalive or the outbox, whichever is first."""
        self._alarm.stop()
        if self._active is None or self._active.paused:
            return
        keepalive = self._active.keepalive
        times = [keepalive.next_at(self._session.is_owed), self._session.wake_at]
        at = min(time for time in times if time is not None)
        self._alarm.set(at, self._on_alarm)

    def _on_alarm(self) -> None:
        active = self._active
        if active is None:
            return
        verdict = active.keepalive.judge(self._runtime.clock(), self._session.is_owed)
        if verdict is Verdict.DEAD:
            active.end(reasons.SILENT)
            return
        if verdict is Verdict.PING:
            self.write([Ping()])
        self.stir()


async def _accept_or_raise(disconnect: Disconnect, session: Session, rename: Rename | None) -> None:
    """Change the nick if the node refused it, with ``rename``. Raises the refusal otherwise."""
    if disconnect.refusal is None:
        raise Ended(disconnect.reason, disconnect.text, session.node is not None)
    error = refusal(disconnect.refusal)
    if not isinstance(error, NickRefused) or rename is None:
        raise error
    session.choose_nick(await rename(error))
