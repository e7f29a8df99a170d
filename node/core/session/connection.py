"""One client's connection: its requests in order, its events out, and how it ends."""

from typing import Protocol

from node.core.config import Limit
from node.core.entries import Position
from node.core.interfaces import Encoder, Transport
from node.core.model import Claimed, FencingToken
from node.core.session.closing import Closing
from node.core.session.errors import RETRY_MS, SLOWER, TOO_SLOW, error_event
from node.core.session.keepalive import Keepalive
from node.core.session.pipeline import RequestPipeline
from node.core.session.quota import LimitReached, Quota
from node.core.session.recovery import TOO_LATE, Recovery, Stranded
from node.core.session.services import Services
from node.core.session.session import Session
from node.core.session.states import EARLY_TYPES, State
from wire.errors import Code, Reason, WireError
from wire.messages import AnyRequest, Bye, Event


class ConnectionRegistry(Protocol):
    """What knows all connections of the node."""

    def hold(self, connection: "ClientConnection", resumed: bool) -> None:
        """A connection has got its session: an older one that holds it here is replaced."""

    def open_inbox(self, connection: "ClientConnection", top: Position, start: Position) -> None:
        """Follow an inbox after ``top``; its client reads on where it was, or after ``start``."""

    def seated(self, connection: "ClientConnection") -> None:
        """A session has got its rooms, and its inbox if it has one."""

    def has_moved(self, token: FencingToken) -> bool:
        """Say whether a session that is just being taken went on elsewhere meanwhile."""

    def disconnect(self, connection: "ClientConnection") -> None:
        """Forget a connection, and the session with it."""


class ClientConnection:
    """A connection and the session that it holds.

    It lets the client's requests run, sends events, and does what its parts find out: each part
    keeps one subject's state, and none of them sends anything itself. ``refusal`` is the code of
    the newest error.
    """

    __slots__ = (
        *("services", "registry", "transport", "encoder", "state", "session"),
        *("quota", "keepalive", "closing", "pipeline", "recovery", "refusal"),
    )

    def __init__(
        self,
        services: Services,
        registry: ConnectionRegistry,
        transport: Transport,
        encoder: Encoder,
    ) -> None:
        self.services = services
        self.registry = registry
        self.transport = transport
        self.encoder = encoder
        self.state = State.NEW
        self.session = Session()
        self.quota = Quota(services.config)
        self.keepalive = Keepalive(services.now)
        self.closing = Closing()
        self.refusal: Code | None = None
        self.recovery = Recovery(self, services.broker, services.ownership)
        self.pipeline = RequestPipeline(self.recovery, self.keepalive, self.advance)

    # In

    def handle(self, request: AnyRequest) -> None:
        """Run a request, let it wait, or refuse it."""
        row = self.services.rows[type(request)]
        if self.state is State.NEW and not row.early:
            self.refuse_early(request.ref)
            return
        if row.urgent:
            if self.state is not State.ENDED:
                row.run(self, request, 0.0)
            return
        now = self.services.clock()
        if row.counted and (reached := self.quota.admit(now)) is not None:
            self.refuse_flood(request, reached)
            return
        deadline = now + self.services.config.answer_within
        if not self.pipeline.admits(row):
            self.pipeline.push(request, row, deadline)
        elif self.state is not State.ENDED and (self.state is not State.LEAVING or row.last):
            row.run(self, request, deadline)

    def refuse(self, fault: WireError) -> None:
        """Answer a line that is no request; a fatal fault ends the connection."""
        if self.state is State.ENDED:
            return
        early = fault.fatal or fault.type is None or fault.type in EARLY_TYPES
        if self.state is State.NEW and not early:
            self.refuse_early(fault.ref)
            return
        if not fault.fatal and (wait := self.quota.bucket.take(self.services.clock())):
            self.services.counts.hit(Limit.RATE)
            self.error(Code.RATE_LIMITED, SLOWER, fault.ref, fault.id, fault.room, wait)
            return
        self.error(fault.code, fault.text, fault.ref, fault.id, fault.room)
        if fault.fatal:
            self.closing.fail(fault.code)
            self.end(Reason.PROTOCOL)

    def refuse_early(self, ref: str | None) -> None:
        """Answer a request that came before the `welcome`."""
        self.error(Code.NOT_WELCOME_YET, "Say hello first.", ref)

    def refuse_flood(self, request: AnyRequest, reached: LimitReached) -> None:
        """Answer a request that came too soon after too many others."""
        self.services.counts.hit(reached.limit)
        self._refuse(request, Code.RATE_LIMITED, SLOWER, reached.retry_after)

    def _refuse(
        self, request: AnyRequest, code: Code, text: str, retry_after: float | None = None
    ) -> None:
        id, room = getattr(request, "id", None), getattr(request, "room", None)
        self.error(code, text, request.ref, id, room, retry_after)

    def looked_up(self) -> None:
        """Count it as a request that the client's position had to be looked up in the log."""
        self.quota.charge(1, self.services.clock())

    def turn_away(self, limit: Limit, text: str, retry_after: float) -> None:
        """Refuse a connection as it is made."""
        self.services.counts.hit(limit)
        self.error(Code.UNAVAILABLE, text, retry_after=retry_after)
        self.end(Reason.BUSY, int(retry_after * 1000) + 1)

    # Order

    def advance(self) -> None:
        """Run the requests that no longer have to wait, and do what waits for them."""
        pipeline = self.pipeline
        while (waiting := pipeline.pop(now := self.services.clock())) is not None:
            request, row, deadline = waiting
            if self.state is State.NEW and not row.early:
                self.refuse_early(request.ref)
            elif self.state in (State.NEW, State.GREETING, State.WELCOME) or row.last:
                if waiting.is_late(now) and not row.last:
                    self._refuse(request, Code.UNAVAILABLE, TOO_SLOW)
                else:
                    row.run(self, request, deadline)
        if self.state is State.LEAVING and not (pipeline.under_way or pipeline.quits):
            self.end(Reason.DRAINING, self.closing.retry_after_ms)
        if pipeline.relieve(self.services.config.backlog_low):
            self.transport.read_on()

    # Out

    def send(self, event: Event) -> None:
        """Send an event."""
        if self.state is not State.ENDED:
            self.transport.write(self.encoder.event(event))

    def error(
        self,
        code: Code,
        text: str,
        ref: str | None = None,
        id: str | None = None,
        room: str | None = None,
        retry_after: float | None = None,
        account: bool = False,
    ) -> None:
        """Refuse a request; ``retry_after`` is in seconds; ``account``: a password would help."""
        self.refusal = code
        self.services.counts.refused(code)
        self.send(error_event(code, text, ref, id, room, retry_after, account))

    def paused(self) -> None:
        """The client reads too slowly: deliver nothing, only remember where it is."""
        self.services.counts.slow_readers += 1
        self.keepalive.pause(self.services.now, self.transport.unread)
        for member in self.session.members():
            member.room.pause(member)

    def drained(self) -> None:
        """The client has read what was written: deliver again."""
        self.keepalive.resume(self.services.now)
        for member in self.session.members():
            if member.cursor is not None:
                member.room.feed(member)
        if self.pipeline.waits:
            self.advance()

    # Hello

    def begin_hello(self, keyed: bool, attempt: int | None, fold: str) -> None:
        """The broker is asked for a session, with a nick that reserves ``fold``."""
        self.session.greet(keyed, attempt, fold)
        self.state = State.GREETING

    def fail_hello(self) -> None:
        """The broker has refused the session: another hello may follow."""
        self.state = State.NEW

    def hold(self, token: FencingToken, claimed: Claimed) -> None:
        """The broker has given a session to this connection."""
        self.state = State.WELCOME
        self.session.begin(token, claimed.nick, claimed.claim)
        self.registry.hold(self, claimed.resumed)

    # Recovery

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended."""
        return self.state is State.ENDED

    @property
    def has_quit(self) -> bool:
        """Whether the client has quit: the broker is told, now or when it has the session."""
        return self.closing.has_quit

    @property
    def under_way(self) -> int:
        """How many requests wait for a reply of the broker, or for the session to be put back."""
        return self.pipeline.under_way

    def repeat(self, stranded: list[Stranded]) -> None:
        """Do again what was refused for the old token, in order."""
        for request, deadline, _ in stranded:
            row = self.services.rows[type(request)]
            self.pipeline.withdraw(row.overlaps)
            if self.state in (State.WELCOME, State.LEAVING):
                row.run(self, request, deadline)

    def cut_off(self) -> None:
        """End: the session is not to be had any more."""
        self.end(Reason.CUT_OFF, RETRY_MS)

    # The end

    def leave_soon(self, retry_after_ms: int) -> None:
        """End when the requests under way are answered; take no new ones."""
        pipeline = self.pipeline
        if self.state is State.WELCOME and (pipeline.under_way or pipeline.backlog):
            self.state = State.LEAVING
            pipeline.close()
            self.closing.begin_drain(retry_after_ms)
            if pipeline.under_way or pipeline.quits:
                return
        self.end(Reason.DRAINING, retry_after_ms)

    def quit(self, ref: str | None, deadline: float) -> None:
        """End the session, and send the `bye` when it has ended, or at once if it is late."""
        self.closing.begin_quit(now := self.services.clock(), ref)
        if self.state not in (State.WELCOME, State.LEAVING):
            self.end(Reason.QUIT)
            return
        self.pipeline.begin()
        for member in self.session.members():
            member.room.stop(member)  # One's own `left` is for the others.
        self.services.broker.part(self.session.token, True, lambda: self.end(Reason.QUIT))
        if deadline - now <= TOO_LATE:
            self.end(Reason.QUIT)

    def end(
        self, reason: Reason, retry_after_ms: int | None = None, text: str | None = None
    ) -> None:
        """Send a `bye`, release the session and close the connection."""
        if self.state is State.ENDED:
            return
        self.services.counts.said_bye(reason)
        self.closing.end(reason)
        ref = self.closing.quit_ref if reason is Reason.QUIT else None
        self.send(Bye(ref=ref, reason=reason, retry_after_ms=retry_after_ms, text=text))
        self.transport.close()
        self.closed(reason)

    def closed(self, reason: Reason | None = None) -> None:
        """The connection is over: release the session."""
        if self.state is State.ENDED:
            return
        held, self.state = self.state in (State.WELCOME, State.LEAVING), State.ENDED
        if quits := self.pipeline.quits and reason is not Reason.REPLACED:
            self.closing.begin_quit(self.services.clock())
        self.registry.disconnect(self)
        for member in self.session.members():
            member.room.remove(member)
        self.session.clear()
        if held and reason is Reason.KICKED:
            # A session that was kicked by nick has ended; bans of addresses only the nodes know.
            self.services.broker.kick(self.session.token)
        elif held and reason not in (Reason.REPLACED, Reason.CUT_OFF, Reason.QUIT):
            self.services.broker.part(self.session.token, quits)
        self.pipeline.clear()
