"""Everything that lives on this node: its connections, sessions and rooms."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from node.core import moderation
from node.core.config import Config, CoreCounts, Limit
from node.core.entries import Append, Frame, Position
from node.core.interfaces import Accounts, Broker, Encoder, FanOut, Transport
from node.core.limits import shares
from node.core.limits.admission import TokenBuckets
from node.core.limits.token_bucket import TokenBucket
from node.core.model import FencingToken, ModerationRule, NodeFacts, Refused
from node.core.moderation import ModerationRules
from node.core.requests.table import ROWS
from node.core.rooms.ring_budget import keep_within
from node.core.rooms.room import Room
from node.core.rooms.witness import Witness
from node.core.session.session import RETRY_MS, Session
from node.core.session.states import State, StateRow
from wire import limits
from wire.errors import Reason
from wire.messages import INBOX, Move

__all__ = ["CoreCounts", "Hub", "Config"]

K = TypeVar("K")

TICK = 1.0
"""Seconds from the end of one tick to the next."""
LINGER = 5.0
"""Seconds for which a room that everybody here has left is still followed: they may come back."""
MOVED_FOR = 2 * limits.ANSWER_WITHIN
"""Seconds for which it is remembered what overtook a claim: none is under way for longer."""


class Hub:
    """Owns the state of a node; changes it without ever waiting."""

    def __init__(
        self,
        name: str,
        rules: Config,
        broker: Broker,
        fan_out: FanOut,
        counts: CoreCounts,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        self.name = name
        self.rules = rules
        self.broker = broker
        self.accounts: Accounts | None = None
        self.counts = counts
        self.clock = clock
        self.random_id = random_id
        self.now = clock()
        self.full = False
        self.directs: TokenBuckets[str] = TokenBuckets(rules.direct_rate)
        self.rows: Mapping[type, StateRow] = ROWS
        self.connections: dict[Session, None] = {}
        self.sessions: dict[str, Session] = {}
        self.rooms: dict[str, Room] = {}
        self.orders = ModerationRules()
        self.witness = Witness(broker)
        self.fan_out = fan_out
        self._stranded: list[Session] = []
        self._moved: dict[FencingToken, float] = {}
        self._early: dict[str, float] = {}
        self._checking = False
        self._due: float | None = None

    # Connections

    def connect(self, outlet: Transport, encoder: Encoder) -> Session:
        """Take a new connection."""
        session = Session(self, outlet, encoder)
        self.connections[session] = None
        return session

    def opened(self, session: Session) -> None:
        """It is known where a connection comes from: may it be here?"""
        if (ban := self.orders.against(session.outlet.address, self.now)) is not None:
            moderation.kick(session, ban)

    def disconnected(self, session: Session) -> None:
        """Forget a connection."""
        self.connections.pop(session, None)
        if self.sessions.get(session.hold.session) is session:
            del self.sessions[session.hold.session]
            # An inbox may end with its session; it must not be taken for one that was forgotten.
            self.rooms.pop("i:" + session.hold.session, None)

    def welcomed(self, session: Session, resumed: bool) -> None:
        """A connection has got hold of a session: an older one here is replaced."""
        if (older := self.sessions.get(session.hold.session)) is not None:
            older.end(Reason.REPLACED)
        self.sessions[session.hold.session] = session
        self.counts.resumes += resumed

    def seated(self, session: Session) -> None:
        """A session has got its places: a direct that came too early is read now."""
        log = "i:" + session.hold.session
        if self._early.pop(log, None) is not None:
            self.differs(log)

    def has_moved(self, hold: FencingToken) -> bool:
        """Say whether a session that is just being taken went on elsewhere meanwhile."""
        return hold in self._moved

    def holds(self, session: str) -> bool:
        """Say whether the connection of a session is here."""
        return session in self.sessions

    # Rooms

    def room(self, name: str) -> Room:
        """Return a room, followed from now on."""
        log = "r:" + name
        if (room := self.rooms.get(log)) is None:
            room = self._follow(name, log)
            self.broker.watch(log)
        return room

    def inbox(self, session: Session, top: Position) -> Room:
        """Return the inbox of a session, which continues after ``top``."""
        room = self._follow(INBOX, "i:" + session.hold.session)
        room.begin(top)
        return room

    def _follow(self, name: str, log: str) -> Room:
        pace = TokenBucket(*self.rules.room_rate) if self.rules.room_rate[0] else None
        room = Room(name, log, self.broker, self.fan_out, self.counts, self.rules.kept, pace)
        self.rooms[log] = room
        return room

    def _first_direct(self, frame: Frame) -> Room | None:
        """Make the inbox of a session that has had no direct yet."""
        session = self.sessions.get(frame.log[2:])
        if session is None or not frame.log.startswith("i:"):
            return None
        start = Position(frame.epoch, 0, b"0")
        room = self.inbox(session, start)
        session.join_inbox(room, start)
        return room

    # What the broker tells

    def frame(self, frame: Frame) -> None:
        """Entries were appended to a log."""
        room = self.rooms.get(frame.log) or self._first_direct(frame)
        if room is not None:
            room.receive(frame)
        elif frame.log.startswith("i:"):
            # This may overtake the reply that gives us the session.
            self._early[frame.log] = self.now

    def confirmed(self, log: str) -> None:
        """The frames of a room are delivered from now on; earlier ones may have been missed."""
        if (room := self.rooms.get(log)) is not None:
            room.sync()

    def seen(self, log: str) -> Position | None:
        """Return the newest position of a log that this node knows."""
        room = self.rooms.get(log)
        return None if room is None else room.newest

    def appended(self, append: Append) -> bool:
        """This node has appended entries to a log; they are acknowledged afterwards."""
        if append.frame.log.startswith("i:"):
            # Also of a recipient here: its inbox is forgotten when it leaves.
            self.witness.remember(append, self.now)
        room = self.rooms.get(append.frame.log)
        return room is not None and room.appended(append)

    def rewound(self, log: str) -> None:
        """The log does not continue what this node saw."""
        if (room := self.rooms.get(log)) is not None:
            room.rewound()

    def tops(self) -> list[tuple[str, Position]]:
        """Return the position this node knows of each log that it follows."""
        return [(log, top) for log, room in self.rooms.items() if (top := room.top) is not None]

    def inboxes(self) -> list[str]:
        """Return the logs of sessions here whose inbox has not been looked at yet."""
        return [
            "i:" + sid
            for sid, session in self.sessions.items()
            if session.inbox is None and session.state is State.WELCOME
        ]

    def differs(self, log: str) -> None:
        """The newest position of a log is another one than this node knows."""
        if (room := self.rooms.get(log)) is not None:
            room.sync()
        elif (session := self.sessions.get(log[2:])) is not None and log.startswith("i:"):
            room = self.inbox(session, Position(b"0", 0, b"0"))
            session.join_inbox(room, Position(b"0", 0, b"0"))
            room.sync()

    def present(self, log: str) -> int:
        """Return how many sessions here are in a room, as far as they are not just leaving."""
        room = self.rooms.get(log)
        if room is None or not log.startswith("r:"):
            return 0
        return room.present

    def absent(self, log: str) -> None:
        """The broker has fewer members of a room than are here: it is told of them again."""
        for session in list(self.sessions.values()):
            if log[2:] in session.rooms:
                self.restore(session, anew=False)

    def moved(self, hold: FencingToken) -> None:
        """A session went on in another connection."""
        session = self.sessions.get(hold.session)
        if session is not None and session.hold == hold:
            session.end(Reason.REPLACED)
        else:
            # This may overtake the reply that gives us the session.
            self._moved[hold] = self.now

    def forgotten(self, anew: bool) -> None:
        """The broker forgot sessions of this node (``anew``), or its lease is over."""
        for session in list(self.sessions.values()):
            self.restore(session, anew)

    def vanished(self, session: str) -> None:
        """The broker forgot one session of this node."""
        if (found := self.sessions.get(session)) is not None:
            self.restore(found, anew=True)

    def estranged(self) -> None:
        """The broker's data are no longer ours to touch: clients go on where they are known."""
        for session in list(self.sessions.values()):
            session.end(Reason.CUT_OFF, RETRY_MS)
        for log in list(self.rooms):
            del self.rooms[log]
            if log.startswith("r:"):
                self.broker.unwatch(log)

    def ordered(self, orders: Sequence[ModerationRule]) -> None:
        """These are the orders of moderators that hold now."""
        self.now = self.clock()
        before, self.orders = self.orders, ModerationRules(orders)
        moderation.carry_out(self, self.orders, before)

    def announced(self, text: str, room: str | None, at: int) -> None:
        """A moderator has something to say to everybody, or to everybody in a room."""
        moderation.announce(self, text, room, at)

    def facts(self) -> NodeFacts:
        """Return what moderators are told of this node."""
        rooms = sum(log.startswith("r:") for log in self.rooms)
        return NodeFacts(self.name, len(self.connections), len(self.sessions), rooms)

    # Putting sessions back

    def recover(self, session: Session) -> None:
        """The broker says that a session here is not ours: has it moved on, or was it forgotten?"""
        self._stranded.append(session)
        if not self._checking:
            self._checking = True
            self.broker.check(self._checked)

    def _checked(self, reply: bool | Refused) -> None:
        """If sessions were forgotten they are being put back; else these alone are tried."""
        self._checking = False
        stranded, self._stranded = self._stranded, []
        for session in stranded:
            lost = session.is_stranded or session.doubtful
            if lost and (isinstance(reply, Refused) or not reply):
                self.restore(session, anew=False)

    def restore(self, session: Session, anew: bool) -> None:
        """Put a session back, which the broker forgot (``anew``) or may have taken from us."""
        if session.restoring or session.state is State.ENDED:
            return
        if session.doubtful and anew:
            # What would be put back is not known yet.
            session.owed = True
            return
        session.restoring = True
        memory = session.memory(self.broker.owner())

        def done(reply: bool | Refused) -> None:
            session.restoring = False
            if session.state is State.ENDED:
                # It ended while it was being put back: let go of it once more.
                if reply is True or reply is Refused.UNAVAILABLE:
                    self.broker.part(memory.hold, quit=False)
            elif reply is True:
                session.hold = memory.hold
                if session.agrees(memory):
                    session.reclaimed(memory.hold)
                else:
                    # A `leave` or `nick` was under way, and done just before it.
                    self.restore(session, anew)
            elif reply is Refused.UNAVAILABLE:
                self.restore(session, anew)
            else:
                session.reclaimed(None)

        self.broker.restore(memory, anew, done)

    # Time

    def tick(self) -> None:
        """Look at what time has brought; to be called ``TICK`` after the last time."""
        now = self.now = self.clock()
        if self._due is not None:
            self.counts.ticked(max(0.0, now - self._due))
        for session in list(self.connections):
            session.check(now)
        if self.rules.unread:
            for session in shares.beyond(self.rules.unread, self.connections):
                self.counts.hit(Limit.UNREAD)
                session.end(Reason.SLOW, RETRY_MS)
        self.directs.forget(now)
        self._moved = _recent(self._moved, now)
        self._early = _recent(self._early, now)
        unhealed = self.broker.unhealed()
        self.witness.tick(now, unhealed)
        for log, room in list(self.rooms.items()):
            room.check()
            if not room.empty:
                continue
            if room.empty_since is None:
                room.mark_empty(now)
            elif room.unconfirmed is not None or unhealed:
                pass  # This node may be the only one that can put its entries back.
            elif now - room.empty_since >= LINGER or log.startswith("i:"):
                del self.rooms[log]
                if log.startswith("r:"):
                    self.broker.unwatch(log)
        rings = (ring for room in self.rooms.values() if (ring := room.ring) is not None)
        keep_within(self.rules.remembered, rings)
        # What the tick itself takes is not lateness.
        self._due = self.clock() + TICK

    def drain(self) -> list[Session]:
        """Return the connections that have to be asked to leave."""
        return list(self.connections)

    def ask_to_move(self, session: Session, within: float) -> None:
        """Tell a client that it gets its goodbye in so many seconds, if it can go before."""
        # Without a key there is nothing that another node could continue.
        if session.state is State.WELCOME and session.keyed:
            session.tell(Move(within_ms=int(within * 1000)))

    def say_goodbye(self, session: Session) -> None:
        """Ask a client to go on at another node."""
        session.leave_soon(RETRY_MS // 10)


def _recent(times: dict[K, float], now: float) -> dict[K, float]:
    return {key: at for key, at in times.items() if now - at < MOVED_FOR} if times else times
