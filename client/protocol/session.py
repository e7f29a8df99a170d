"""The state machine of a client's session.

Pure: no socket, no clock, no randomness of its own. Events go in, requests come out. Which events
a state accepts is a table at the end of this file.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from client.protocol.effects import Disconnect, Effect
from client.protocol.errors import is_passing, retry_after, unknown_fate
from client.protocol.greeting import HELLO, Greeting, Identity
from client.protocol.outbox import Outbox
from client.protocol.read_state import ReadState
from client.protocol.unanswered import Unanswered
from wire import messages as m
from wire.errors import Code, Reason


class State(Enum):
    """The state of the connection to a node."""

    AWAY = auto()
    GREETING = auto()
    LIVE = auto()
    OVER = auto()


class Session:
    """The client's side of a session, over any number of connections.

    With ``rooms`` None the node chooses the room of a new session.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        nick: str | None = None,
        rooms: Sequence[str] | None = None,
        positions: Mapping[str, str] | None = None,
        token: str | None = None,
        password: str | None = None,
        window: int = 1,
    ) -> None:
        self.nick = nick
        self.node: str | None = None
        self.state = State.AWAY
        self.outbox = Outbox(window)
        self.read_state = ReadState(positions or {})
        self._greeting = Greeting(identity, rooms, token, password)
        self._unanswered = Unanswered()
        self._count = 0
        self._may_be_elsewhere = False

    @property
    def is_ready(self) -> bool:
        """Whether the node has welcomed us, and answered for each of the rooms in the hello."""
        return self.state is State.LIVE and self._greeting.is_answered

    @property
    def is_owed(self) -> bool:
        """Whether the node owes an answer."""
        return self.state is State.LIVE and (bool(self._unanswered) or self.outbox.in_flight)

    @property
    def wake_at(self) -> float | None:
        """When to call ``wake``, if no event comes before."""
        return self.outbox.wake_at if self.state is State.LIVE else None

    def choose_nick(self, nick: str) -> None:
        """Ask for another nick in the next hello."""
        self.nick = nick

    def connected(self, now_ms: int) -> m.Hello:
        """Return the hello that begins or resumes the session on a new connection."""
        self.state = State.GREETING
        self._unanswered.release()
        self._may_be_elsewhere = False
        return self._hello(now_ms)

    def _hello(self, now_ms: int) -> m.Hello:
        leaving = self._unanswered.rooms_being_left()
        return self._greeting.hello(self.nick, now_ms, self.read_state, leaving)

    def disconnected(self) -> None:
        """Note that the connection is lost; unanswered requests are repeated on the next one."""
        if self.state is not State.OVER:
            self.state = State.AWAY
        self._unanswered.release()
        self.outbox.disconnected()

    @property
    def may_hand_over(self) -> bool:
        """Whether a handover loses no answer.

        Messages are recognised when they are repeated. Other requests are made again at the other
        node, and their second answer may differ: a room that was just created exists already.
        """
        return not self._unanswered

    def handover_hello(self, now_ms: int) -> m.Hello:
        """Return the hello that resumes the session on a second connection.

        Requests wait from now on; messages are still sent over the first connection.
        """
        self._unanswered.hold()
        self._may_be_elsewhere = True
        return self._hello(now_ms)

    def handed_over(self, event: m.Welcome, now: float) -> Effect:
        """Note that the second connection has the session; the first one counts no more."""
        self.outbox.disconnected()
        self._unanswered.release()
        self._may_be_elsewhere = False
        return self._welcomed(event, now)

    def handover_failed(self) -> tuple[m.Request, ...]:
        """Note that the second connection failed; return the requests that waited for it."""
        return self._unanswered.release()

    def post(self, message: m.Send | m.SendDirect, doubtful_since: float | None = None) -> str:
        """Put a message into the outbox and return its id; ``wake`` returns it when it is due."""
        self._count += 1
        message.id = message.id or f"{self._greeting.identity.prefix}{self._count}"
        self.outbox.add(message.id, message, doubtful_since)
        return message.id

    def ask(self, request: m.Request) -> tuple[str, tuple[m.Request, ...]]:
        """Return the ``ref`` of a request, and what to write now.

        The request is kept until it is answered, and repeated on the next connection.
        """
        if isinstance(request, m.SetNick) and request.password is None:
            # A user with an account may change to another nick, and back to the account's.
            request.password = self._greeting.password
        self._count += 1
        ref = f"ask-{self._count}"
        may_write = self._unanswered.add(ref, request)
        return ref, (request,) if may_write and self.state is State.LIVE else ()

    def wake(self, now: float) -> Effect:
        """Return the messages of the outbox that are due."""
        if self.state is not State.LIVE:
            return Effect()
        doubts = tuple(unknown_fate(id) for id in self.outbox.expire(now))
        return Effect(write=tuple(self.outbox.due(now)), doubts=doubts)

    def take(self, event: m.AnyEvent, now: float) -> Effect:
        """Return the effect of an event; none if the table has no row for it."""
        handler = _TABLE[self.state].get(type(event))
        return handler(self, event, now) if handler else Effect(show=False)

    # The rows of the table

    def _welcomed(self, event: m.Welcome, now: float) -> Effect:
        self.state = State.LIVE
        self.nick = event.nick
        self.node = event.node
        due = self.wake(now)
        return Effect(write=(*self._unanswered.all(), *due.write), doubts=due.doubts)

    def _hello_refused(self, event: m.Error, now: float) -> Effect:
        if event.room is not None:
            return self._room_refused(event)
        return Effect(disconnect=self._disconnect(event))

    def _room_refused(self, event: m.Error) -> Effect:
        """Give up a room of the hello; or reconnect, if the refusal is temporary.

        A later ``join`` would not do instead: only a hello carries positions.
        """
        if is_passing(event):
            return Effect(disconnect=self._disconnect(event))
        self._greeting.answered(event.room or "")
        self.read_state.leave(event.room or "")
        return Effect()

    def _disconnect(self, error: m.Error) -> Disconnect:
        passing = is_passing(error)
        return Disconnect(passing, retry_after(error) if passing else 0.0, refusal=error)

    def _joined(self, event: m.Joined, now: float) -> Effect:
        self._greeting.answered(event.room)
        settled = self._unanswered.settle(event)
        if settled is None and not self.read_state.may_enter(event.room):
            return Effect(show=False)
        self.read_state.enter(event)
        return Effect(settled=settled)

    def _delivered(self, event: m.Message | m.Direct | m.Entered, now: float) -> Effect:
        room = m.INBOX if isinstance(event, m.Direct) else event.room
        new = self.read_state.deliver(room, event.position)
        if isinstance(event, m.Entered):
            self.read_state.saw_enter(event.room, event.nick)
        return Effect(show=new)

    def _left(self, event: m.Left, now: float) -> Effect:
        # The nick alone does not mean us: a new session reads in the log how an older one with the
        # same nick was lost. It is us if it answers our request, if it has no position (then it is
        # a late answer, after `unavailable`, and not in the log), or if we were kicked.
        settled = self._unanswered.settle(event)
        ours = settled is not None or event.position is None
        ours = ours or (event.reason == "kicked" and event.nick == self.nick)
        new = event.position is None or self.read_state.deliver(event.room, event.position)
        known = self.read_state.saw_leave(event.room, event.nick)
        if ours:
            self.read_state.leave(event.room)
        return Effect(show=ours or (new and known), settled=settled)

    def _renamed(self, event: m.Renamed, now: float) -> Effect:
        if event.room is None or event.position is None:
            self.nick = event.nick
            return Effect(settled=self._unanswered.settle(event))
        self.read_state.saw_rename(event.room, event.from_, event.nick)
        return Effect(show=self.read_state.deliver(event.room, event.position))

    def _acknowledged(self, event: m.Ack, now: float) -> Effect:
        self.outbox.settle(event.id)
        due = self.wake(now)
        return Effect(write=due.write, doubts=due.doubts, settled=event.id)

    def _refused(self, event: m.Error, now: float) -> Effect:
        if event.ref == HELLO:
            return self._room_refused(event) if event.room is not None else Effect()
        if event.id is not None:
            final = self.outbox.refuse(event, now)
            due = self.wake(now)
            return Effect(due.write, final, event.id if final else None, due.doubts)
        ask = self._unanswered.get(event.ref)
        if isinstance(ask, m.Leave) and event.code == Code.NOT_IN_ROOM:
            self.read_state.leave(ask.room)
        return Effect(settled=self._unanswered.settle(event))

    def _answer(self, event: m.Event, now: float) -> Effect:
        settled = self._unanswered.settle(event)
        return Effect(show=settled is not None, settled=settled)

    def _pinged(self, event: m.PingEvent, now: float) -> Effect:
        return Effect(write=(m.Pong(ref=event.ref),), show=False)

    def _ponged(self, event: m.PongEvent, now: float) -> Effect:
        return Effect(show=False, settled=self._unanswered.settle(event))

    def _bye(self, event: m.Bye, now: float) -> Effect:
        after = event.retry_after_ms
        if event.reason == Reason.REPLACED and self._may_be_elsewhere:
            # By our own hello on the second connection.
            return Effect(show=False, disconnect=Disconnect(True, 0.0, event.reason))
        if after is None:
            self.state = State.OVER
            return Effect(disconnect=Disconnect(False, reason=event.reason, text=event.text or ""))
        return Effect(disconnect=Disconnect(True, max(0, after) / 1000, event.reason))

    def _asked_to_move(self, event: m.Move, now: float) -> Effect:
        return Effect(show=False, move=max(0, event.within_ms) / 1000)

    def _noted(self, event: m.Event, now: float) -> Effect:
        return Effect()


Handler = Callable[[Session, Any, float], Effect]
_ALWAYS: dict[type[m.Event], Handler] = {
    m.PingEvent: Session._pinged,
    m.PongEvent: Session._ponged,
    m.Bye: Session._bye,
}
_TABLE: dict[State, dict[type[m.Event], Handler]] = {
    State.AWAY: {},
    State.GREETING: {
        **_ALWAYS,
        m.Welcome: Session._welcomed,
        m.Error: Session._hello_refused,
    },
    State.LIVE: {
        **_ALWAYS,
        m.Joined: Session._joined,
        m.Message: Session._delivered,
        m.Direct: Session._delivered,
        m.Entered: Session._delivered,
        m.Left: Session._left,
        m.Renamed: Session._renamed,
        m.Ack: Session._acknowledged,
        m.Error: Session._refused,
        m.Rooms: Session._answer,
        m.Members: Session._answer,
        m.History: Session._answer,
        m.Gap: Session._noted,
        m.Move: Session._asked_to_move,
        m.Announcement: Session._noted,
    },
    State.OVER: {},
}
