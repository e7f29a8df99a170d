"""A room or an inbox as this node follows it: a log, and the members here that read it.

An inbox is a room of one member, whose frames come another way.
"""

from collections.abc import Callable

from node.core.config import CoreCounts
from node.core.entries import Append, Cursor, Frame, Position
from node.core.interfaces import Broker, FanOut
from node.core.limits.token_bucket import TokenBucket
from node.core.rooms.follower import LogFollower
from node.core.rooms.known_log import KnownLog
from node.core.rooms.member import Member, MemberState, Reader
from node.core.rooms.readers import Readers
from node.core.rooms.ring import Ring
from node.core.rooms.unconfirmed import Unconfirmed


class Room:
    """One log: what is known of it, what follows it, and who reads it.

    ``name`` is what clients call it, ``log`` what the broker does. ``pace`` limits its messages.
    ``birth`` is that of the room that members here joined last.
    ``empty_since`` is when the hub found nobody in it.
    """

    __slots__ = (
        *("name", "log", "birth", "pace", "empty_since", "known", "readers", "follower"),
        *("receive", "appended"),
    )

    def __init__(
        self,
        name: str,
        log: str,
        broker: Broker,
        fan_out: FanOut,
        counts: CoreCounts,
        most: int,
        pace: TokenBucket | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.birth = b""
        self.pace = pace
        self.empty_since: float | None = None
        self.known = KnownLog(most)
        self.readers = Readers(name, log, self.known, broker, fan_out, counts)
        self.follower = LogFollower(name, log, self.known, self.readers, broker, counts)
        # Called for each batch of messages: a method that passes it on would cost one call more.
        self.receive: Callable[[Frame], None] = self.follower.receive
        self.appended: Callable[[Append], bool] = self.follower.appended

    # The log

    @property
    def top(self) -> Position | None:
        """The newest position that is known, None until the log has been read."""
        ring = self.known.ring
        return ring.top if ring is not None else None

    @property
    def newest(self) -> Position | None:
        """The newest position that the log is known to have had; ``top``, or that of own entries.

        Asked for each batch of messages, so it calls nothing in the usual case.
        """
        ring, own = self.known.ring, self.follower.unconfirmed
        if ring is None:
            return None
        return own.newest_after(ring.top) if own.appends else ring.top

    @property
    def ring(self) -> Ring | None:
        """The newest entries, None until the log has been read."""
        return self.known.ring

    @property
    def stale(self) -> bool:
        """Whether the log has to be read again."""
        return self.known.stale

    @property
    def unconfirmed(self) -> Unconfirmed | None:
        """The own appends whose frames have not come yet, None if there are none."""
        own = self.follower.unconfirmed
        return own if own.appends else None

    def begin(self, top: Position) -> None:
        """Follow the log from ``top`` on."""
        self.known.begin(top)
        self.readers.feed_all()

    def sync(self) -> None:
        """Read from the log what is missing here."""
        self.follower.sync()

    def check(self) -> None:
        """Read the log again if something is missing for too long; called with each tick."""
        own, readers = self.follower.unconfirmed, self.readers
        if own.appends and own.overdue():
            self.follower.sync()
        if (readers.live or readers.behind) and self.known.stale:
            self.follower.sync()
        elif readers.behind and readers.awaited:
            self.follower.sync()

    def rewound(self) -> None:
        """Read the log because an append was refused."""
        self.follower.rewound()

    # Members

    @property
    def behind(self) -> dict[Member, None]:
        """The members that are not live."""
        return self.readers.behind

    @property
    def empty(self) -> bool:
        """Whether nobody here is in the room."""
        return not self.readers.live and not self.readers.behind

    @property
    def present(self) -> int:
        """How many members here do not want to leave."""
        return self.readers.present

    @property
    def awaited(self) -> bool:
        """Whether a member here joined at a position that this node has not reached yet."""
        return self.readers.awaited

    def mark_empty(self, now: float) -> None:
        """Note since when nobody has been here."""
        self.empty_since = now

    def add(self, member: Member, start: Position, cursor: Cursor | None = None) -> None:
        """Let a member read on after the cursor of its client, or else after ``start``."""
        self.empty_since = None
        self.readers.add(member, start, cursor)

    def remove(self, member: Member) -> None:
        """Deliver nothing to a member any more."""
        self.readers.remove(member)

    def pause(self, member: Member) -> None:
        """Deliver nothing to a member until it is fed; only note how far it has read."""
        self.readers.pause(member)

    def feed(self, member: Member) -> None:
        """Bring a member that is behind nearer to the top."""
        self.readers.feed(member)

    def stop(self, member: Member) -> None:
        """Deliver nothing to a member that wants to leave, until it is known where it left."""
        self.readers.stop(member)

    def resume(self, member: Member) -> None:
        """Deliver again to a member that could not leave, unless it was removed meanwhile."""
        self.readers.resume(member)

    def leave(
        self, member: Member, end: Position | None, done: Callable[[], None] | None = None
    ) -> None:
        """Deliver to a member what comes before its own `left`, at ``end``; then remove it.

        Without an ``end`` it is removed at once. ``done`` is called when it has been removed, or if
        it was removed already: its connection has ended, or a moderator has closed the room.
        """
        if end is None or member.state is MemberState.ABSENT:
            self.readers.remove(member)
            if done is not None:
                done()
            return
        member.leave(end, done)
        top = self.known.top
        if top is not None and end.offset <= top.offset and not self.known.has(end):
            self.follower.sync()  # This is not the log that is known here.
        self.readers.feed(member)

    def release(self, member: Member) -> None:
        """Remove a member at once, also one that leaves and has not got everything."""
        self.readers.release(member)

    def delivered(self, member: Member) -> Position | None:
        """Return the position up to which a member has got everything."""
        return member.cursor or self.known.top


class RoomMember(Member):
    """A session's place in a room; ``joined`` is the position at which the session joined.

    ``birth`` is that of the room, which tells it from others of its name.
    """

    __slots__ = ("room", "joined", "birth")

    def __init__(self, reader: Reader, room: Room, joined: str, birth: bytes = b"") -> None:
        super().__init__(reader)
        self.room = room
        self.joined = joined
        self.place(birth)

    def place(self, birth: bytes) -> None:
        """The session is in the room of this birth."""
        self.birth = self.room.birth = birth
