"""One connection and the session it holds: who it is, where it is, what it still waits for."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from node.core.config import Config, CoreCounts, Limit
from node.core.entries import Cursor, Position
from node.core.interfaces import Accounts, Broker, Encoder, Transport
from node.core.limits.admission import AddressUsage, TokenBuckets
from node.core.limits.token_bucket import TokenBucket
from node.core.model import FencingToken, Refused, SessionSnapshot
from node.core.rooms.member import Member
from node.core.rooms.room import Room
from node.core.session.states import EARLY_TYPES, State, StateRow
from wire import limits
from wire.errors import CODES, Code, Reason, WireError
from wire.messages import AnyRequest, Bye, Error, Event, PingEvent

if TYPE_CHECKING:
    from node.core.moderation import ModerationRules

QUIT_WITHIN = 3.0
"""Seconds for the broker to hear of a `quit`; after that the goodbye is said without waiting."""
RETRY_MS = 1000
"""When to come back, or to ask again, after the broker could not be reached."""
TOO_LATE = 0.5
"""Seconds before its deadline from which a request is not begun, nor waited for, any more."""
PAGE = limits.HISTORY_DEFAULT
"""Messages in a page that counts as one request; a longer one counts for as many as it holds."""
NAMES = 250
"""Names in a page of a list that counts as one request: they take Redis and us a fifth of that."""
SLOW_FOR = 5.0
"""Seconds for which a client may read nothing while the node is short of memory."""


class SessionHost(Protocol):
    """Where a session is: the hub, as far as a session and its requests know it."""

    name: str
    rules: Config
    broker: Broker
    accounts: Accounts | None
    counts: CoreCounts
    now: float
    full: bool
    directs: TokenBuckets[str]
    rows: Mapping[type, StateRow]
    rooms: dict[str, Room]
    orders: "ModerationRules"

    def clock(self) -> float:
        """Return the time, in seconds that do not go back."""

    def random_id(self) -> str:
        """Return an id that is unique in the whole system."""

    def room(self, name: str) -> Room:
        """Return a room, followed from now on."""

    def inbox(self, session: "Session", top: Position) -> Room:
        """Return the inbox of a session, which continues after ``top``."""

    def welcomed(self, session: "Session", resumed: bool) -> None:
        """A connection has got hold of a session."""

    def seated(self, session: "Session") -> None:
        """A session has got its places."""

    def has_moved(self, hold: FencingToken) -> bool:
        """Say whether a session that is just being taken went on elsewhere meanwhile."""

    def disconnected(self, session: "Session") -> None:
        """Forget a connection."""

    def recover(self, session: "Session") -> None:
        """The broker says that a session here is not ours."""

    def restore(self, session: "Session", anew: bool) -> None:
        """Put a session back, which the broker forgot (``anew``) or may have taken from us."""


class Waiting(NamedTuple):
    """A request that waits for the ones before it, and when it must have been answered."""

    request: AnyRequest
    deadline: float


class Stranded(NamedTuple):
    """A request that waits for its session to be put back; ``done`` takes what it comes to."""

    request: AnyRequest
    deadline: float
    done: Callable[[Refused], None]


class Session:
    """A connection's side of a session.

    Requests are done in order. Those that only append (``overlaps`` in their row) follow each other
    without waiting for replies; any other one waits until the ones before it are done, and the ones
    behind it wait for it. While the session is being put back, all of them wait.
    """

    __slots__ = (
        *("hub", "outlet", "encoder", "state", "hold", "nick", "fold", "keyed", "attempt", "claim"),
        *(
            "rooms",
            "inbox",
            "inbox_from",
            "bucket",
            "heard",
            "pinged",
            "paused_at",
            "unread",
            "farewell",
            "fault",
            "throttled",
            "restoring",
            "doubtful",
            "owed",
            "regained",
            "quit_by",
            "quit_ref",
            "leaving",
            "retry_after_ms",
            "caller",
            "crowd",
            "since",
            "made",
            "wrong",
        ),
        *("_busy", "_flying", "_queue", "_stranded"),
    )

    def __init__(self, hub: SessionHost, outlet: Transport, encoder: Encoder) -> None:
        self.hub = hub
        self.outlet = outlet
        self.encoder = encoder
        self.state = State.NEW
        self.hold = FencingToken("", "")
        self.nick = ""
        self.fold = ""
        self.keyed = False
        self.attempt: int | None = None
        self.claim = 0
        self.rooms: dict[str, Member] = {}
        self.inbox: Member | None = None
        self.inbox_from: Cursor | None = None
        self.bucket = TokenBucket(*hub.rules.rate)
        self.heard = hub.now
        self.pinged = False
        self.paused_at: float | None = None
        self.unread = 0
        self.farewell: Reason | None = None
        self.fault: Code | None = None
        self.throttled = False
        self.restoring = False
        self.doubtful = False
        self.owed = False
        self.regained = False
        self.quit_by: float | None = None
        self.quit_ref: str | None = None
        self.leaving: tuple[Member, float] | None = None
        self.retry_after_ms = 0
        self.caller: AddressUsage | None = None
        self.crowd: TokenBucket | None = None
        self.since = hub.now
        self.made = 0
        self.wrong = 0
        self._busy = False
        self._flying = 0
        self._queue: deque[Waiting] | None = None
        self._stranded: list[Stranded] | None = None

    # In

    @property
    def backlog(self) -> int:
        """How many requests wait or are under way: the connection stops reading when too many."""
        return self._flying + (len(self._queue) if self._queue else 0)

    def handle(self, request: AnyRequest) -> None:
        """Take a request."""
        row = self.hub.rows[type(request)]
        if self.state is State.NEW and not row.early:
            self.refuse_early(request.ref)
            return
        if row.urgent:
            if self.state is not State.ENDED:
                row.run(self, request, 0.0)
            return
        now = self.hub.clock()
        if row.counted:
            if wait := self.bucket.take(now):
                self.refuse_flood(request, wait, Limit.RATE)
                return
            if self.crowd is not None and (wait := self.crowd.take(now)):
                self.bucket.give_back()
                self.refuse_flood(request, wait, Limit.ADDRESS_RATE)
                return
        deadline = now + self.hub.rules.answer_within
        if self._queue or self._must_wait(row):
            if self._queue is None:
                self._queue = deque()
            self._queue.append(Waiting(request, deadline))
        elif self.state is not State.ENDED and (self.state is not State.LEAVING or row.last):
            row.run(self, request, deadline)

    def refuse(self, fault: WireError) -> None:
        """Answer a line that is no request; what is not even the protocol ends the connection."""
        if self.state is State.ENDED:
            return
        if self.state is State.NEW and not fault.fatal and fault.type is not None:
            if fault.type not in EARLY_TYPES:
                self.refuse_early(fault.ref)
                return
        if not fault.fatal and (wait := self.bucket.take(self.hub.clock())):
            self.hub.counts.hit(Limit.RATE)
            self.error(Code.RATE_LIMITED, _SLOWER, fault.ref, fault.id, fault.room, wait)
            return
        self.error(fault.code, fault.text, fault.ref, fault.id, fault.room)
        if fault.fatal:
            self.fault = fault.code
            self.end(Reason.PROTOCOL)

    def refuse_early(self, ref: str | None) -> None:
        """Answer a request that came before its time."""
        self.error(Code.NOT_WELCOME_YET, "Say hello first.", ref)

    def refuse_flood(self, request: AnyRequest, wait: float, limit: Limit) -> None:
        """Answer a request that came too soon after too many others; ``wait`` is in seconds."""
        self.hub.counts.hit(limit)
        id, room = getattr(request, "id", None), getattr(request, "room", None)
        self.error(Code.RATE_LIMITED, _SLOWER, request.ref, id, room, wait)

    def weigh(self, entries: int, page: int = PAGE) -> None:
        """Let a long page count for several requests."""
        if (more := (entries - 1) // page) > 0:
            self._charge(more)

    def looked_up(self) -> None:
        """A position that the client gave had to be looked up in the log: that is a request too."""
        self._charge(1)

    def _charge(self, requests: int) -> None:
        now = self.hub.clock()
        self.bucket.charge(requests, now)
        if self.crowd is not None:
            self.crowd.charge(requests, now)

    def came_from(self, caller: AddressUsage | None) -> None:
        """It is known where the client is; None: no limit by address concerns it."""
        self.caller = caller
        self.crowd = caller.requests if caller is not None else None

    def turn_away(self, limit: Limit, text: str, wait: float) -> None:
        """Refuse a client as it comes in."""
        self.hub.counts.hit(limit)
        self.error(Code.UNAVAILABLE, text, wait=wait)
        self.end(Reason.BUSY, int(wait * 1000) + 1)

    # Order

    def begin(self, overlaps: bool = False) -> None:
        """A request waits for the broker's reply."""
        if overlaps:
            self._flying += 1
        else:
            self._busy = True

    def finish(self, overlaps: bool = False) -> None:
        """The reply has come: go on with the requests behind it."""
        if overlaps:
            self._flying -= 1
        else:
            self._busy = False
        if self._stranded is not None:
            self._rerun()
        # Nearly always nothing waits: looking is cheaper than going on.
        if self._queue or self.throttled or self.state is State.LEAVING:
            self._go_on()

    def _must_wait(self, row: StateRow) -> bool:
        waits = self._stranded is not None or self.restoring or self._busy
        # Who quits need not know how the session stands. A page may be a thousand times its
        # request: who does not read gets no other one yet.
        unsure = self.doubtful or (self.paused_at is not None and not row.overlaps)
        waits = waits or (unsure and not row.last)
        return waits or (self._flying > 0 and not row.overlaps)

    def _go_on(self) -> None:
        while self._queue:
            waiting = self._queue[0]
            row = self.hub.rows[type(waiting.request)]
            late = row.counted and self._is_late(waiting.deadline)
            if self._must_wait(row) and not late:
                break
            self._queue.popleft()
            if self.state is State.NEW and not row.early:
                self.refuse_early(waiting.request.ref)
            elif self.state in (State.NEW, State.GREETING, State.WELCOME) or row.last:
                if late:
                    self._refuse_late(waiting.request)
                else:
                    row.run(self, waiting.request, waiting.deadline)
        if self.state is State.LEAVING and not self._flying and not self._busy:
            self.end(Reason.DRAINING, self.retry_after_ms)
        if self.throttled and self.backlog <= self.hub.rules.backlog_low:
            self.throttled = False
            self.outlet.read_on()

    def _is_late(self, deadline: float) -> bool:
        return deadline - self.hub.clock() <= TOO_LATE

    def _refuse_late(self, request: AnyRequest) -> None:
        id, room = getattr(request, "id", None), getattr(request, "room", None)
        self.error(Code.UNAVAILABLE, "The broker takes too long; try again.", request.ref, id, room)

    # Out

    def tell(self, event: Event) -> None:
        """Send an event."""
        if self.state is not State.ENDED:
            self.outlet.write(self.encoder.event(event))

    def error(
        self,
        code: Code,
        text: str,
        ref: str | None = None,
        id: str | None = None,
        room: str | None = None,
        wait: float | None = None,
        account: bool = False,
    ) -> None:
        """Refuse a request; ``wait`` is in seconds; ``account``: a password would help."""
        self.hub.counts.refused(code)
        retry = None
        if wait is not None:
            retry = int(wait * 1000) + 1
        elif CODES[code].retry and code is Code.UNAVAILABLE:
            retry = RETRY_MS
        self.tell(
            Error(
                code=code,
                text=text,
                ref=ref,
                id=id,
                room=room,
                retry_after_ms=retry,
                account=account or None,
            )
        )

    def paused(self) -> None:
        """The client reads more slowly than it is written to: only remember where it is."""
        self.hub.counts.slow_readers += 1
        self.paused_at, self.unread = self.hub.now, self.outlet.unread
        for member in self.members():
            member.room.pause(member)

    def drained(self) -> None:
        """What was written has been taken: go on."""
        if self.paused_at is not None:
            self.paused_at, self.heard = None, self.hub.now
        for member in self.members():
            if member.cursor is not None:
                member.room.feed(member)
        if self._queue:
            self._go_on()

    def members(self) -> list[Member]:
        """Return this session's places, its inbox's too."""
        places = list(self.rooms.values())
        if self.inbox is not None:
            places.append(self.inbox)
        return places

    def join_inbox(self, room: Room, start: Position) -> None:
        """Read one's inbox from now on: after what the client has had, or else after ``start``."""
        self.inbox = Member(self, room, "")
        room.add(self.inbox, start, self.inbox_from)

    # Time

    def check(self, now: float) -> None:
        """Look at what time has brought: silence, or a client that does not read."""
        rules = self.hub.rules
        new = self.state in (State.NEW, State.GREETING)
        if new and 0 < rules.hello_within <= now - self.since:
            self.hub.counts.hit(Limit.HELLO_WITHIN)
            self.end(Reason.IDLE, RETRY_MS)
            return
        # Who does not read is not read from either: its silence says nothing.
        silence = now - self.heard if self.paused_at is None else 0.0
        if silence < rules.ping_after:
            self.pinged = False
        elif silence >= rules.idle_after:
            self.end(Reason.IDLE, 0)
            return
        elif not self.pinged:
            self.pinged = True
            self.tell(PingEvent())
        if self.quit_by is not None and now >= self.quit_by:
            self.end(Reason.QUIT)
            return
        if self.paused_at is not None:
            unread = self.outlet.unread
            if unread < self.unread:
                self.paused_at, self.unread = now, unread
            elif now - self.paused_at >= (SLOW_FOR if self.hub.full else rules.idle_after):
                self.end(Reason.SLOW, RETRY_MS)
                return
        if self.leaving is not None and now >= self.leaving[1] - 1.0:
            # What came before its own `left` is not to be had: the answer cannot wait for it.
            self.leaving[0].room.release(self.leaving[0])
        if self._stranded or self._queue:
            self._expire()

    # The hold on the session

    def memory(self, owner: str) -> SessionSnapshot:
        """Return what the broker would need to put this session back."""
        return SessionSnapshot(
            FencingToken(self.hold.session, owner),
            self.hold.owner,
            self.keyed,
            self.nick,
            self.fold,
            self.attempt,
            self.claim,
            [(name, member.joined) for name, member in self.rooms.items() if member.done is None],
        )

    def agrees(self, memory: SessionSnapshot) -> bool:
        """Say whether a memory is still what would be put back."""
        now = self.memory(memory.hold.owner)
        return (now.nick, now.rooms) == (memory.nick, memory.rooms)

    def reclaim(
        self, request: AnyRequest, deadline: float, done: Callable[[Refused], None]
    ) -> None:
        """The broker says that this session is not ours: find out, and do the request again."""
        if self._stranded is None:
            self._stranded = []
            self.hub.recover(self)
        self._stranded.append(Stranded(request, deadline, done))
        self._rerun()

    def reclaimed(self, hold: FencingToken | None) -> None:
        """Go on with a new hold, or end without one."""
        if hold is None:
            self._stranded = None
            self.end(Reason.CUT_OFF, RETRY_MS)
            return
        self.hold = hold
        self.regained = True
        self._stranded = self._stranded or []
        self._rerun()
        self._go_on()

    def certain(self) -> None:
        """It is known again how the session stands: go on."""
        self.doubtful = False
        if self.owed:
            self.owed = False
            self.hub.restore(self, anew=True)
        self._go_on()

    def _rerun(self) -> None:
        """Do again what the old hold could not, in order.

        What is still under way with the old hold comes back first: else it would be overtaken.
        """
        if self._stranded is None or not self.regained or self.restoring:
            return
        if self._flying + self._busy > len(self._stranded):
            return
        stranded, self._stranded = self._stranded, None
        self.regained = False
        for request, deadline, _ in stranded:
            row = self.hub.rows[type(request)]
            if row.overlaps:
                self._flying -= 1
            else:
                self._busy = False
            if self.state in (State.WELCOME, State.LEAVING):
                row.run(self, request, deadline)

    def _expire(self) -> None:
        """Answer what has waited too long for the session to be put back."""
        for waiting in [held for held in self._stranded or [] if self._is_late(held.deadline)]:
            if self._stranded is not None:
                self._stranded.remove(waiting)
            waiting.done(Refused.UNAVAILABLE)
        self._go_on()

    @property
    def is_stranded(self) -> bool:
        """Say whether requests wait for the session to be put back."""
        return self._stranded is not None and not self.regained

    # The end

    def leave_soon(self, retry_after_ms: int) -> None:
        """Say goodbye when what is under way is done; take nothing new."""
        if self.state is State.WELCOME and (self._busy or self.backlog):
            self.state = State.LEAVING
            # What is not begun is left to another node; but who quits is done with all of them.
            self._queue = deque(
                waiting
                for waiting in self._queue or ()
                if self.hub.rows[type(waiting.request)].last
            )
            self.retry_after_ms = retry_after_ms
            if self._busy or self._flying:
                return
        self.end(Reason.DRAINING, retry_after_ms)

    def quit(self, ref: str | None) -> None:
        """End the session; `bye` says that it has ended, so that its nick is free by then."""
        self.quit_ref = ref
        if self.state not in (State.WELCOME, State.LEAVING):
            self.end(Reason.QUIT)
            return
        self.begin()
        for member in self.members():
            # One's own `left` is for the others.
            member.room.stop(member)
        self.quit_by = self.hub.clock() + QUIT_WITHIN
        self.hub.broker.part(self.hold, True, lambda: self.end(Reason.QUIT))

    def end(
        self, reason: Reason, retry_after_ms: int | None = None, text: str | None = None
    ) -> None:
        """Say goodbye, let go of the session and close the connection."""
        if self.state is State.ENDED:
            return
        self.hub.counts.said_bye(reason)
        self.farewell = reason
        ref = self.quit_ref if reason is Reason.QUIT else None
        self.tell(Bye(ref=ref, reason=reason, retry_after_ms=retry_after_ms, text=text))
        self.outlet.close()
        self.closed(reason)

    def closed(self, reason: Reason | None = None) -> None:
        """The connection is over: let go of the session."""
        if self.state is State.ENDED:
            return
        held = self.state in (State.WELCOME, State.LEAVING)
        self.state = State.ENDED
        self.hub.disconnected(self)
        for member in self.members():
            member.room.remove(member)
        self.rooms.clear()
        self.inbox = None
        if held and reason is Reason.KICKED:
            # Who was kicked by nick has ended there already; of addresses only the nodes know.
            self.hub.broker.kick(self.hold)
        elif held and reason not in (Reason.REPLACED, Reason.CUT_OFF, Reason.QUIT):
            # A `quit` that waits for the requests before it counts, now that nobody waits for them.
            waiting = self._queue or ()
            quits = any(self.hub.rows[type(wait.request)].last for wait in waiting)
            self.hub.broker.part(self.hold, reason is None and quits)
        # The connection knows the session, and it the connection: both are there until Python looks
        # for what is, and what a stranger's hello takes up with hundreds of rooms should not be.
        self._queue = None


_SLOWER = "Too many requests; wait a little."
