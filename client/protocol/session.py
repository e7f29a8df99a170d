"""What a client knows of its session: who it is, where, what it has seen and what it still says.

Pure: no socket, no clock, no randomness of its own. Events go in, requests come out. What may
happen when is a table at the end of this file.
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
    """How far the talk with a node has come."""

    AWAY = auto()
    GREETING = auto()
    LIVE = auto()
    OVER = auto()


class Session:
    """One user's side of a session, over any number of connections.

    ``rooms`` None leaves it to the node where a new session begins.
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
        """Whether the node has welcomed us, and answered for each of the rooms asked for."""
        return self.state is State.LIVE and self._greeting.is_answered

    @property
    def is_owed(self) -> bool:
        """Whether the node owes an answer."""
        return self.state is State.LIVE and (bool(self._unanswered) or self.outbox.in_flight)

    @property
    def wake_at(self) -> float | None:
        """When ``wake`` wants to be called, if no event comes before."""
        return self.outbox.wake_at if self.state is State.LIVE else None

    def connected(self, now_ms: int) -> m.Hello:
        """Return the hello that begins or continues the session on a new connection."""
        self.state = State.GREETING
        self._unanswered.release()
        self._may_be_elsewhere = False
        return self._hello(now_ms)

    def _hello(self, now_ms: int) -> m.Hello:
        leaving = self._unanswered.rooms_being_left()
        return self._greeting.hello(self.nick, now_ms, self.read_state, leaving)

    def disconnected(self) -> None:
        """Take note that the connection is gone; what was unanswered is asked again later."""
        if self.state is not State.OVER:
            self.state = State.AWAY
        self._unanswered.release()
        self.outbox.disconnected()

    @property
    def may_hand_over(self) -> bool:
        """Whether no answer is lost by going on elsewhere: messages may be repeated, they know it.

        The rest is asked again there, and may be answered as what it then is: a room that one has
        just created exists.
        """
        return not self._unanswered

    def handover_hello(self, now_ms: int) -> m.Hello:
        """Return the hello that continues the session on a second connection beside the present.

        What is asked from now on waits; messages go on.
        """
        self._unanswered.hold()
        self._may_be_elsewhere = True
        return self._hello(now_ms)

    def handed_over(self, event: m.Welcome, now: float) -> Effect:
        """The second connection has the session, and is the only one from now on."""
        self.outbox.disconnected()
        self._unanswered.release()
        self._may_be_elsewhere = False
        return self._welcomed(event, now)

    def stayed(self) -> tuple[m.Request, ...]:
        """The second connection came to nothing: return what waited for it."""
        return self._unanswered.release()

    def say(self, message: m.Send | m.SendDirect) -> str:
        """Put a message into the outbox, and return the id it got; ``wake`` tells when to write."""
        self._count += 1
        message.id = message.id or f"{self._greeting.identity.prefix}{self._count}"
        self.outbox.add(message.id, message)
        return message.id

    def ask(self, request: m.Request) -> tuple[str, tuple[m.Request, ...]]:
        """Return the ``ref`` that a request got, and what to write now.

        It is remembered until it is answered, and asked again on the next connection.
        """
        if isinstance(request, m.SetNick) and request.password is None:
            # Who had another nick in between may come back to that of the account.
            request.password = self._greeting.password
        self._count += 1
        ref = f"ask-{self._count}"
        may_write = self._unanswered.add(ref, request)
        return ref, (request,) if may_write and self.state is State.LIVE else ()

    def wake(self, now: float) -> Effect:
        """Return what of the outbox is to be written now."""
        if self.state is not State.LIVE:
            return Effect()
        doubts = tuple(unknown_fate(id) for id in self.outbox.expire(now))
        return Effect(write=tuple(self.outbox.due(now)), doubts=doubts)

    def take(self, event: m.AnyEvent, now: float) -> Effect:
        """Return what ``event`` leads to; nothing, where the table has no row for it."""
        handler = _TABLE[self.state].get(type(event))
        return handler(self, event, now) if handler else Effect(show=False)

    # The rows of the table.

    def _welcomed(self, event: m.Welcome, now: float) -> Effect:
        self.state = State.LIVE
        self.nick = event.nick
        self.node = event.node
        said = self.wake(now)
        return Effect(write=(*self._unanswered.all(), *said.write), doubts=said.doubts)

    def _hello_refused(self, event: m.Error, now: float) -> Effect:
        if event.room is not None:
            return self._room_refused(event)
        return Effect(disconnect=self._disconnect(event))

    def _room_refused(self, event: m.Error) -> Effect:
        """A room of the hello: without it, unless the node only cannot tell for now.

        Only a hello carries positions, so a later ``join`` would not do: come back for it.
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
        self.read_state.enter(event)
        return Effect(settled=self._unanswered.settle(event))

    def _delivered(self, event: m.Message | m.Direct | m.Entered, now: float) -> Effect:
        room = m.INBOX if isinstance(event, m.Direct) else event.room
        new = self.read_state.deliver(room, event.position)
        if isinstance(event, m.Entered):
            self.read_state.saw_enter(event.room, event.nick)
        return Effect(show=new)

    def _left(self, event: m.Left, now: float) -> Effect:
        # Nothing but the answer to one's own request means oneself: after a session has ended, the
        # new one of the same nick reads in the log how the old one was lost. What comes late, after
        # `unavailable`, has no position: it is none of the log's entries.
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
        said = self.wake(now)
        return Effect(write=said.write, doubts=said.doubts, settled=event.id)

    def _refused(self, event: m.Error, now: float) -> Effect:
        if event.ref == HELLO:
            return self._room_refused(event) if event.room is not None else Effect()
        if event.id is not None:
            final = self.outbox.refuse(event, now)
            said = self.wake(now)
            return Effect(said.write, final, event.id if final else None, said.doubts)
        ask = self._unanswered.get(event.ref)
        if isinstance(ask, m.Leave) and event.code == Code.NOT_IN_ROOM:
            self.read_state.leave(ask.room)
        return Effect(settled=self._unanswered.settle(event))

    def _answer(self, event: m.Event, now: float) -> Effect:
        return Effect(settled=self._unanswered.settle(event))

    def _pinged(self, event: m.PingEvent, now: float) -> Effect:
        return Effect(write=(m.Pong(ref=event.ref),), show=False)

    def _ponged(self, event: m.PongEvent, now: float) -> Effect:
        return Effect(show=False, settled=self._unanswered.settle(event))

    def _said_bye(self, event: m.Bye, now: float) -> Effect:
        after = event.retry_after_ms
        if event.reason == Reason.REPLACED and self._may_be_elsewhere:
            # By ourselves: the hello on the second connection was heard.
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
    m.Bye: Session._said_bye,
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
