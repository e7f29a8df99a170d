"""What a client knows of its session: who it is, where, what it has seen and what it still says.

Pure: no socket, no clock, no randomness of its own. Events go in, requests come out. What may
happen when is a table at the end of this file.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from client.protocol.effects import Disconnect, Effect
from client.protocol.errors import is_passing, retry_after
from client.protocol.outbox import Outbox
from client.protocol.read_state import ReadState
from wire import messages as m
from wire.errors import Code, Reason

HELLO = "hello"
"""The ``ref`` of every hello: its answers are told from those of other requests by it."""
UNKNOWN = "unknown"
"""The code of the error that the client itself makes of a message whose fate is not known."""


class State(Enum):
    """How far the talk with a node has come."""

    AWAY = auto()
    GREETING = auto()
    LIVE = auto()
    OVER = auto()


class Identity(Struct, frozen=True):
    """Who a session is: its secret, and what its ids begin with.

    Both are random, and apart: the ids are seen by everyone, the key by nobody.
    """

    key: str
    prefix: str = ""


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
        self.places = ReadState(positions or {})
        self._identity = identity
        self._token = token
        self._password = password
        self._attempt = 0
        self._count = 0
        # Rooms asked for and not yet answered, by their folded names; None: none were named.
        self._wanted = None if rooms is None else {_fold(room): room for room in rooms}
        self._asked: dict[str, m.Request] = {}
        self._held: list[m.Request] | None = None
        self._may_be_elsewhere = False

    @property
    def is_ready(self) -> bool:
        """Whether the node has welcomed us, and answered for each of the rooms asked for."""
        return self.state is State.LIVE and not self._wanted

    @property
    def is_owed(self) -> bool:
        """Whether the node owes an answer."""
        return self.state is State.LIVE and (bool(self._asked) or self.outbox.in_flight)

    @property
    def wake_at(self) -> float | None:
        """When ``wake`` wants to be called, if no event comes before."""
        return self.outbox.wake_at if self.state is State.LIVE else None

    def connected(self, now_ms: int) -> m.Hello:
        """Return the hello that begins or continues the session on a new connection."""
        self.state = State.GREETING
        self._held, self._may_be_elsewhere = None, False
        return self._hello(now_ms)

    def _hello(self, now_ms: int) -> m.Hello:
        """Return a hello with all the rooms we are in.

        A continued session keeps its own anyhow, and one that has ended meanwhile gets them back.
        """
        # A clock may have been set back; the node takes no attempt below the last one.
        self._attempt = max(self._attempt + 1, now_ms)
        leaving = {_fold(ask.room) for ask in self._asked.values() if isinstance(ask, m.Leave)}
        rooms = [room for room in self.places.rooms if _fold(room) not in leaving]
        known = {_fold(room) for room in rooms}
        wanted = self._wanted or {}
        rooms += [room for fold, room in wanted.items() if fold not in known | leaving]
        nameless = self._wanted is None and not rooms and not self.places.were_entered
        return m.Hello(
            ref=HELLO,
            nick=self.nick,
            key=self._identity.key,
            attempt=self._attempt,
            rooms=None if nameless else rooms,
            positions=self.places.positions() or None,
            token=self._token,
            password=self._password,
        )

    def disconnected(self) -> None:
        """Take note that the connection is gone; what was unanswered is asked again later."""
        if self.state is not State.OVER:
            self.state = State.AWAY
        self._held = None
        self.outbox.disconnected()

    @property
    def may_hand_over(self) -> bool:
        """Whether no answer is lost by going on elsewhere: messages may be repeated, they know it.

        The rest is asked again there, and may be answered as what it then is: a room that one has
        just created exists.
        """
        return not self._asked

    def handover_hello(self, now_ms: int) -> m.Hello:
        """Return the hello that continues the session on a second connection beside the present.

        What is asked from now on waits; messages go on.
        """
        self._held, self._may_be_elsewhere = [], True
        return self._hello(now_ms)

    def handed_over(self, event: m.Welcome, now: float) -> Effect:
        """The second connection has the session, and is the only one from now on."""
        self.outbox.disconnected()
        self._held, self._may_be_elsewhere = None, False
        return self._welcomed(event, now)

    def stayed(self) -> tuple[m.Request, ...]:
        """The second connection came to nothing: return what waited for it."""
        held, self._held = self._held, None
        return tuple(held or ())

    def say(self, message: m.Send | m.SendDirect) -> str:
        """Put a message into the outbox, and return the id it got; ``wake`` tells when to write."""
        self._count += 1
        message.id = message.id or f"{self._identity.prefix}{self._count}"
        self.outbox.add(message.id, message)
        return message.id

    def ask(self, request: m.Request) -> tuple[str, tuple[m.Request, ...]]:
        """Return the ``ref`` that a request got, and what to write now.

        It is remembered until it is answered, and asked again on the next connection.
        """
        if isinstance(request, m.SetNick) and request.password is None:
            # Who had another nick in between may come back to that of the account.
            request.password = self._password
        self._count += 1
        request.ref = ref = f"ask-{self._count}"
        self._asked[ref] = request
        if self._held is not None:
            self._held.append(request)
            return ref, ()
        return ref, (request,) if self.state is State.LIVE else ()

    def wake(self, now: float) -> Effect:
        """Return what of the outbox is to be written now."""
        if self.state is not State.LIVE:
            return Effect()
        doubts = tuple(
            m.Error(
                code=UNKNOWN,
                id=id,
                text="It is not known whether the message arrived, and it is too late to repeat it"
                " without the risk of saying it twice.",
            )
            for id in self.outbox.expire(now)
        )
        return Effect(write=tuple(self.outbox.due(now)), doubts=doubts)

    def take(self, event: m.AnyEvent, now: float) -> Effect:
        """Return what ``event`` leads to; nothing, where the table has no row for it."""
        row = _TABLE[self.state].get(type(event))
        return row(self, event, now) if row else Effect(show=False)

    # The rows of the table.

    def _welcomed(self, event: m.Welcome, now: float) -> Effect:
        self.state = State.LIVE
        self.nick = event.nick
        self.node = event.node
        said = self.wake(now)
        return Effect(write=(*self._asked.values(), *said.write), doubts=said.doubts)

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
        if self._wanted:
            self._wanted.pop(_fold(event.room or ""), None)
        self.places.leave(event.room or "")
        return Effect()

    def _disconnect(self, error: m.Error) -> Disconnect:
        passing = is_passing(error)
        return Disconnect(passing, retry_after(error) if passing else 0.0, refusal=error)

    def _joined(self, event: m.Joined, now: float) -> Effect:
        if self._wanted:
            self._wanted.pop(_fold(event.room), None)
        self.places.enter(event)
        return Effect(settled=self._answered(event))

    def _delivered(self, event: m.Message | m.Direct | m.Entered, now: float) -> Effect:
        room = m.INBOX if isinstance(event, m.Direct) else event.room
        new = self.places.deliver(room, event.position)
        if isinstance(event, m.Entered):
            self.places.saw_enter(event.room, event.nick)
        return Effect(show=new)

    def _left(self, event: m.Left, now: float) -> Effect:
        # Nothing but the answer to one's own request means oneself: after a session has ended, the
        # new one of the same nick reads in the log how the old one was lost. What comes late, after
        # `unavailable`, has no position: it is none of the log's entries.
        settled = self._answered(event)
        ours = settled is not None or event.position is None
        ours = ours or (event.reason == "kicked" and event.nick == self.nick)
        new = event.position is None or self.places.deliver(event.room, event.position)
        known = self.places.saw_leave(event.room, event.nick)
        if ours:
            self.places.leave(event.room)
        return Effect(show=ours or (new and known), settled=settled)

    def _renamed(self, event: m.Renamed, now: float) -> Effect:
        if event.room is None or event.position is None:
            self.nick = event.nick
            return Effect(settled=self._answered(event))
        self.places.saw_rename(event.room, event.from_, event.nick)
        return Effect(show=self.places.deliver(event.room, event.position))

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
        ask = self._asked.get(event.ref or "")
        if isinstance(ask, m.Leave) and event.code == Code.NOT_IN_ROOM:
            self.places.leave(ask.room)
        return Effect(settled=self._answered(event))

    def _answer(self, event: m.Event, now: float) -> Effect:
        return Effect(settled=self._answered(event))

    def _pinged(self, event: m.PingEvent, now: float) -> Effect:
        return Effect(write=(m.Pong(ref=event.ref),), show=False)

    def _ponged(self, event: m.PongEvent, now: float) -> Effect:
        return Effect(show=False, settled=self._answered(event))

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

    def _answered(self, event: m.Event) -> str | None:
        """Return the ``ref`` of the request of ours that ``event`` answers, and forget it."""
        ref = event.ref
        return ref if ref is not None and self._asked.pop(ref, None) is not None else None


def _fold(room: str) -> str:
    """Return what two spellings of one room have in common.

    A room may be answered by another spelling than it was asked for. For names that are possible
    this agrees with the node's full rules; for others nothing depends on it.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", room).casefold())


Row = Callable[[Session, Any, float], Effect]
_ALWAYS: dict[type[m.Event], Row] = {
    m.PingEvent: Session._pinged,
    m.PongEvent: Session._ponged,
    m.Bye: Session._said_bye,
}
_TABLE: dict[State, dict[type[m.Event], Row]] = {
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
