"""Brings the seats of rooms to what was decided about sessions: one call of settle.lua for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from node.brokers import decode_seats, keys, scripts
from node.brokers.calls import Next
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Outcome
from node.brokers.lanes import CHANGES
from node.brokers.malformed import WRONG, malformed
from node.core.log_names import room_log
from node.core.model import Done, Failure, Unavailable

MOST = 100
"""Items in one call: Lua's stack bounds its arguments, and each takes some ten microseconds."""


@dataclass(slots=True)
class Item:
    """What was decided about a session in a room: it is in it, or why it leaves.

    ``birth`` is that of the room, ``id`` that of the entry which says so. ``owner`` is "-" while
    nobody may speak for the session. ``position`` is where it joined, if it had its seat before
    Redis lost something; then nothing is said. ``members``: so many sessions are known to be in
    the room, this one included.
    """

    session: str
    gen: int
    life: bytes
    want: str
    id: str
    birth: bytes
    deadline: float
    done: Done[Outcome]
    fold: str = ""
    nick: str = ""
    owner: str = ""
    position: str = ""
    why: bytes = b""
    members: int = 0

    def args(self) -> tuple[Any, ...]:
        """Return the item as settle.lua takes it."""
        return (
            *(self.session, self.gen, self.life, self.want, self.id, self.why),
            *(self.fold, self.nick, self.owner, self.position),
        )


class RoomSeats:
    """The items of a room: some under way in a call, others waiting, in the order they came in."""

    script = "settle"
    lane = CHANGES
    __slots__ = ("weight", "queued", "_room", "_head", "_context", "_waiting", "_under_way")

    def __init__(self, room: str, context: BrokerContext) -> None:
        declared = keys.of_log(room_log(room), scripts.key_names(self.script))
        self._room = room
        self._head = len(declared), *declared, room
        self._context = context
        self._waiting: list[Item] = []
        self._under_way: list[Item] = []
        self.weight = 1
        self.queued = False

    @property
    def tag(self) -> str:
        """The hash tag of the room."""
        return room_log(self._room)

    def add(self, item: Item) -> bool:
        """Add an item; return whether the call has to be queued."""
        self._waiting.append(item)
        queued, self.queued = self.queued, True
        return not queued

    def args(self) -> Sequence[Any] | None:
        """Return the arguments for the items under way, or for the next ones of one birth."""
        # An item past its deadline must not be settled: what it says may be out of date by then.
        self.expire(self._context.clock())
        self._under_way = [item for item in self._under_way if item.done is not _expired]
        if not self._under_way:
            rest = iter(self._waiting)
            birth = self._waiting[0].birth if self._waiting else b""
            for item in rest:
                if item.birth != birth or len(self._under_way) == MOST:
                    break
                self._under_way.append(item)
            del self._waiting[: len(self._under_way)]
        if not self._under_way:
            self.queued = False
            return None
        self.weight = 1 + len(self._under_way) // 4
        config, items = self._context.config, self._under_way
        args: list[Any] = [*self._head, items[0].birth, self._context.random_id()]
        # Those of a new room may all be here. Else a room without data has lost them.
        coming = {item.session for item in items if item.want in ("in", "back")}
        others = max(item.members for item in items) > len(coming)
        unhealed = self._context.unhealed(self.tag)
        args += (config.notices, config.retained, int(others), int(unhealed))
        for item in items:
            args += item.args()
        return args

    def reply(self, reply: Any) -> Next:
        """Answer each item; before that this node must know what the room says about them."""
        try:
            outcomes, notice = decode_seats.settled(reply, len(self._under_way))
        except WRONG as error:
            raise malformed(error) from error
        items, self._under_way = self._under_way, []
        if notice is not None:
            self._context.events.appended(notice)
        for item, outcome in zip(items, outcomes, strict=True):
            self._context.counts.settled(outcome)
            item.done(outcome)
        self.queued = bool(self._waiting)
        return Next.MORE if self.queued else Next.NOTHING

    def lost(self) -> None:
        """Do nothing: a seat shows by itself what was done."""

    def refuse(self, refused: Failure) -> None:
        """Refuse all items: no other call would be made."""
        items, self._under_way, self._waiting = self._under_way + self._waiting, [], []
        self.queued = False
        for item in items:
            self._context.counts.settled(refused)
            item.done(refused)

    def expire(self, now: float) -> None:
        """Refuse the items past their deadlines.

        Those under way keep their places until the reply, or until the call is made again.
        """
        items = self._under_way + self._waiting
        self._waiting = [item for item in self._waiting if item.deadline > now]
        for item in items:
            if item.deadline <= now and item.done is not _expired:
                done, item.done = item.done, _expired
                self._context.counts.settled(Unavailable.UNREACHABLE)
                done(Unavailable.UNREACHABLE)


def _expired(_reply: object) -> None:
    """Take the place of a ``done`` that was called already."""
