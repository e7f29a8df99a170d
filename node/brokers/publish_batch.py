"""Appends messages to logs: one batch at a time for each room, and directs one by one."""

from collections.abc import Callable, Sequence
from typing import Any

from node.brokers import decode_logs, keys, scripts
from node.brokers.calls import Next
from node.brokers.lanes import CHANGES
from node.brokers.malformed import WRONG, malformed
from node.core.entries import START, Append, Entry, Frame, Position
from node.core.interfaces import BrokerEvents
from node.core.log_names import room_log
from node.core.model import (
    Denied,
    DirectDenied,
    Failure,
    Fenced,
    PendingMessage,
    Stored,
    Unavailable,
)
from wire import limits

TAKEN = 1000
"""Frames that are awaited at the same time: more than a working subscription is ever behind."""
MOST = 200
"""Messages in one call: a batch is atomic, and Lua's stack bounds its reply."""
BYTES = 256 * 1024
"""Bytes of bodies in one call: writing them and joining them to a frame takes Redis 2 ms."""
FEW = BYTES // limits.LINE
"""Messages that always fit into a call: sizes are added up only where there are more."""

_NOWHERE = Position(b"", 0, b"")
"""The position in a call of a node that has seen nothing of the log."""
_REFUSED: dict[bytes, DirectDenied | Fenced] = {
    b"nobody": Denied.NOBODY,
    b"gone": Fenced.GONE,
}
"""Why direct.lua refuses a message."""


Directed = tuple[Stored | DirectDenied | Fenced, Append | None]


def directed(found: Any, message: PendingMessage, before: bytes, after: bytes) -> Directed:
    """Return where a direct is stored, and its entry if the reply of direct.lua contains it."""
    if found[0] == b"repeat":
        return decode_logs.repeated(found[1:])
    if found[0] != b"ok":
        return _REFUSED[found[0]], None
    _, position, at, nick, prev, log = found
    stored = Stored("@", position.decode(), int(at or 0), nick.decode())
    place = Position.parse(stored.position)
    if place is None:
        return stored, None
    origin = (
        f"{message.token.session}:{message.message_id}".encode() if message.message_id else b"-"
    )
    head = b"d %b %b %b" % (message.id, at, origin)
    entry = Entry(place.offset, head, before + nick + after)
    frame = Frame(log.decode(), place.epoch, place.offset, prev, [entry])
    return stored, Append(frame, place._replace(offset=place.offset - 1, id=prev))


class Taken:
    """The frames whose entries were taken from the reply already: they need not be parsed."""

    __slots__ = ("_starts",)

    def __init__(self) -> None:
        self._starts: dict[bytes, bytes] = {}

    def add(self, frame: Frame, start: bytes) -> None:
        """Note a frame; ``start`` is how its first entry begins."""
        if len(self._starts) >= TAKEN:
            # The subscription was lost. A frame that is forgotten here is parsed, and ignored.
            self._starts.clear()
        self._starts[b"%b %b %d %b" % (frame.log.encode(), *frame[1:4])] = start

    def has(self, payload: bytes) -> bool:
        """Say whether the payload of a channel, without its first word, is such a frame."""
        head, _, entries = payload.partition(b"\n")
        start = self._starts.pop(head, None)
        return start is not None and entries.startswith(start)


class Publish:
    """A room's messages: some under way in a call, others waiting for the next call.

    There is one for each room, so that its messages cannot overtake each other. ``time`` returns
    the chat's time in ms, or a little less; 0 if it is not known.
    """

    script = "publish"
    lane = CHANGES
    __slots__ = (
        *("room", "weight", "queued", "_waiting", "_under_way", "_repeats", "_behind"),
        *("_head", "_time", "_events", "_base", "_taken", "_log", "_most"),
    )

    def __init__(
        self,
        room: str,
        cap: int,
        events: BrokerEvents,
        taken: Taken | None = None,
        time: Callable[[], int] = int,
    ) -> None:
        self.room = room
        self._log = room_log(room)
        # The keys of the ids of authors stand between those of the log and the last one.
        *declared, never = keys.of_log(self._log, scripts.key_names(self.script))
        self._head = declared, keys.sent_prefix(self._log), (never, room, cap)
        self._time = time
        self.weight = 1
        self.queued = False
        self._waiting: list[PendingMessage] = []
        self._under_way: list[PendingMessage] = []
        self._repeats = False
        self._behind: Position | None = None
        self._base = START
        # A call must not trim what it appends: a repeat has to find it.
        self._most = min(MOST, cap)
        self._events = events
        self._taken = taken or Taken()

    @property
    def tag(self) -> str:
        """The hash tag of the room."""
        return self._log

    def add(self, message: PendingMessage) -> bool:
        """Add a message to the next call; return whether that has to be queued."""
        self._waiting.append(message)
        queued, self.queued = self.queued, True
        return not queued

    def args(self) -> Sequence[Any] | None:
        """Return the arguments for the messages under way, or for the next ones."""
        self._under_way = [message for message in self._under_way if message.done is not _expired]
        if not self._under_way:
            messages = [message for message in self._waiting if message.done is not _expired]
            most = self._most
            self.weight = 1
            if messages[FEW:]:
                most = _fitting(messages[:most])
                self.weight += most // 8
            self._under_way, self._waiting = messages[:most], messages[most:]
            self._repeats, self._behind = False, None
        if not self._under_way:
            self.queued = False
            return None
        seen = self._events.seen(self._log)
        self._base = seen or START
        position = seen or _NOWHERE
        if self._behind is None:
            # The log held this when the call was made first: it appends behind it.
            self._behind = position
        behind = self._look_behind() if self._repeats else ""
        declared, sent, rest = self._head
        messages = self._under_way
        authors = {sent + each.token.session: None for each in messages if each.message_id}
        args: list[Any] = [len(declared) + len(authors) + 1, *declared, *authors]
        args += (*rest, self._time(), *position, behind)
        for message in messages:
            args += (message.id, *message.token, message.message_id, message.body)
        return args

    def reply(self, reply: Any) -> Next:
        """Answer each message, once this node has the entries of all of them."""
        log = self._log
        looked = found = None
        try:  # The whole reply is read before any of it is used.
            if reply[0] == b"looked":
                looked = decode_logs.looked(reply, self._under_way)
            else:
                found = decode_logs.published(reply, log, self._under_way)
        except WRONG as error:
            raise malformed(error) from error
        if looked is not None:
            self._looked(reply[3:], *looked)
            return Next.MORE
        if found is None:
            # The log went back: what was seen of it does not say where it goes on.
            self._behind = _NOWHERE if self._repeats else None
            self._events.rewound(log)
            return Next.WAIT
        sent, self._under_way = self._under_way, []
        epoch, at, prev, results, answers = found
        # Usually the frame came first: then the last entry is the newest that this node knows.
        if self._events.seen(log) != (epoch, results[-1], sent[-1].id) or self._repeats:
            self._remember(sent, epoch, at, prev, results)
        for message, answer in zip(sent, answers, strict=True):
            message.done(answer)
        self.queued = bool(self._waiting)
        return Next.MORE if self.queued else Next.NOTHING

    def _look_behind(self) -> str:
        """Return the place behind which a repeat looks for messages without ids ('': none)."""
        if self._behind is None or all([message.message_id for message in self._under_way]):
            return ""
        return f"{self._behind.epoch.decode()}-{self._behind.offset}"

    def _looked(
        self, results: Sequence[Any], behind: Position, answers: Sequence[Stored | None]
    ) -> None:
        """Answer the messages that a repeat has found so far; the next call looks further on."""
        self._behind = behind
        rows = list(zip(self._under_way, results, answers, strict=True))
        self._under_way = [message for message, _, answer in rows if answer is None]
        messages = [message for message, _, answer in rows if answer is not None]
        self._remember(messages, behind.epoch, b"", b"", [found for _, found, _ in rows if found])
        for message, _, answer in rows:
            if answer is not None:
                message.done(answer)

    def _remember(
        self, sent: list[PendingMessage], epoch: bytes, at: bytes, prev: bytes, results: list[Any]
    ) -> None:
        """Report the entries that a reply contains, before their messages are acknowledged."""
        log = self._log
        rows = list(zip(sent, results, strict=True))
        for _, result in rows:
            if result.__class__ is list:
                _, append = decode_logs.repeated(result)
                if append is not None:
                    if append.frame.log == log and self._base.offset < append.frame.first:
                        append = append._replace(base=self._base)
                    self._events.appended(append)
        entries = [
            Entry(
                *(result, b"", message.body),
                parts=(
                    *(b"m", message.id, at),
                    (
                        f"{message.token.session}:{message.message_id}".encode()
                        if message.message_id
                        else b"-"
                    ),
                ),
            )
            for message, result in rows
            if result.__class__ is int and result
        ]
        if entries:
            first = entries[0]
            frame = Frame(log, epoch, first.offset, prev, entries)
            if self._events.appended(Append(frame, self._base)):
                self._taken.add(frame, b"m %b %b " % (first.id, at))

    def lost(self) -> None:
        """Have the next call look for its messages: this one may have been done or not."""
        self._repeats = True

    def refuse(self, refused: Failure) -> None:
        """Refuse the messages under way, and those that wait: no other call would be made."""
        sent, self._under_way, self._waiting = self._under_way + self._waiting, [], []
        self.queued = False
        for message in sent:
            message.done(refused)

    def expire(self, now: float) -> None:
        """Refuse the messages past their deadlines, and the others of the same connections.

        A client whose connection ends just then is not told, and sends all of them again, in order;
        none of them must have overtaken another one by then. Later messages have deadlines of
        their own: refusing them at once would only make clients repeat them sooner.
        """
        messages = [
            message for message in self._under_way + self._waiting if message.done is not _expired
        ]
        late = {message.token for message in messages if message.deadline <= now}
        for message in messages:
            if message.token in late:
                done, message.done = message.done, _expired
                done(Unavailable.UNREACHABLE)


def _expired(_reply: object) -> None:
    """Take the place of a ``done`` that was called already."""


def _fitting(messages: Sequence[PendingMessage]) -> int:
    """Return how many of some messages fit into one call: at least one."""
    size = 0
    for count, message in enumerate(messages):
        size += len(message.body)
        if size > BYTES:
            return max(count, 1)
    return len(messages)
