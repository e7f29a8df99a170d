"""The calls that put messages into logs."""

from collections.abc import Sequence
from typing import Any

from node.brokers import decode_logs, keys, refusals
from node.brokers.calls import Next
from node.brokers.lanes import CHANGES
from node.brokers.malformed import reading
from node.core.entries import START, Append, Entry, Frame, Position
from node.core.interfaces import BrokerEvents
from node.core.log_names import room_log
from node.core.model import PendingMessage, Refused, Stored
from wire import limits

TAKEN = 1000
"""Frames that are waited for at the same time: more than a subscription that works is behind."""
MOST = 200
"""Messages in one call: a batch is atomic, and Lua's stack bounds its reply."""
BYTES = 256 * 1024
"""Bytes of bodies in one call: to write them to the log and to join them to a frame takes 2 ms."""
FEW = BYTES // limits.LINE
"""Messages that are never too long for a call: only more of them are measured."""


_NOWHERE = Position(b"", 0, b"")
"""What is given to a script that a node which has seen nothing calls."""


@reading
def directed(
    found: Any, post: PendingMessage, before: bytes, after: bytes
) -> tuple[Stored | Refused, Append | None]:
    """Return where a direct is kept, and its entry as far as the reply of direct.lua tells it."""
    if found[0] == b"repeat":
        remembered = decode_logs.stored(found[1])
        place = Position.parse(remembered.position)
        if place is None or len(found) < 4 or not decode_logs.is_head(found[2]):
            return remembered, None
        entry = Entry(place.offset, found[2], found[3])
        frame = Frame(remembered.log, place.epoch, place.offset, b"", [entry])
        return remembered, Append(frame, place._replace(offset=place.offset - 1, id=b""))
    if found[0] != b"ok":
        return refusals.REFUSALS[found[0]], None
    _, position, at, nick, prev, log = found
    to = Stored("@", position.decode(), int(at or 0), nick.decode())
    place = Position.parse(to.position)
    if place is None:
        return to, None
    origin = f"{post.hold.session}:{post.token}".encode() if post.token else b"-"
    head = b"d %b %b %b" % (post.id, at, origin)
    entry = Entry(place.offset, head, before + nick + after)
    frame = Frame(log.decode(), place.epoch, place.offset, prev, [entry])
    return to, Append(frame, place._replace(offset=place.offset - 1, id=prev))


class Taken:
    """The frames of batches that were taken from the reply: they need not be parsed."""

    __slots__ = ("_starts",)

    def __init__(self) -> None:
        self._starts: dict[bytes, bytes] = {}

    def add(self, frame: Frame, start: bytes) -> None:
        """Note a frame; ``start`` is how its first entry begins."""
        if len(self._starts) >= TAKEN:
            # Their connection was lost: what is forgotten here is parsed, and found to be known.
            self._starts.clear()
        self._starts[b"%b %b %d %b" % (frame.log.encode(), *frame[1:4])] = start

    def has(self, payload: bytes) -> bool:
        """Say whether a payload of a channel, less its first word, is such a frame."""
        head, _, entries = payload.partition(b"\n")
        start = self._starts.pop(head, None)
        return start is not None and entries.startswith(start)


class Publish:
    """A room's messages on their way: some under way, others gathering for the next call.

    There is one for each room, so that its messages cannot overtake each other.
    """

    script = "publish"
    lane = CHANGES
    __slots__ = (
        *("room", "weight", "queued", "_posts", "_sent", "_again", "_behind"),
        *("_cap", "_sink", "_base", "_taken", "_log", "_keys"),
    )

    def __init__(self, room: str, cap: int, sink: BrokerEvents, taken: Taken | None = None) -> None:
        self.room = room
        self._log = room_log(room)
        self._keys = keys.log_key(self._log), keys.stream_key(self._log)
        self.weight = 1
        self.queued = False
        self._posts: list[PendingMessage] = []
        self._sent: list[PendingMessage] = []
        self._again = False
        self._behind: Position | None = None
        self._base = START
        self._cap = cap
        self._sink = sink
        self._taken = taken or Taken()

    def add(self, post: PendingMessage) -> None:
        """Let a message go with the next call."""
        self._posts.append(post)

    def args(self) -> Sequence[Any] | None:
        """Return the arguments for the messages gathered so far; what comes later waits."""
        self._sent = [post for post in self._sent if post.done is not _expired]
        if not self._sent:
            posts = [post for post in self._posts if post.done is not _expired]
            # What one call appends is not trimmed by it: a repeat has to find it.
            most = min(MOST, self._cap)
            self.weight = 1
            if posts[FEW:]:
                most = _fitting(posts[:most])
                self.weight += most // 8
            self._sent, self._posts = posts[:most], posts[most:]
            self._again, self._behind = False, None
        if not self._sent:
            self.queued = False
            return None
        args: list[Any] = [2, *self._keys, self.room, self._cap]
        seen = self._sink.seen(self._log)
        self._base = seen or START
        args += seen or _NOWHERE
        if self._behind is None:
            # The log held this when the call was made first: what it appends is behind it.
            self._behind = seen or _NOWHERE
        args.append(self._look_behind() if self._again else "")
        for post in self._sent:
            args += (post.id, post.hold.session, post.hold.owner, post.token, post.body)
        return args

    def reply(self, reply: Any) -> Next:
        """Answer each message, once this node knows the entries of all of them."""
        log = self._log
        if reply.__class__ is list and reply and reply[0] == b"looked":
            self._looked(reply)
            return Next.MORE
        # All of it is read before anything is done with it.
        told = decode_logs.published(reply, log, self._sent)
        if told is None:
            # What was seen of a log that went back says nothing of where it goes on.
            self._behind = _NOWHERE if self._again else None
            self._sink.rewound(log)
            return Next.WAIT
        sent, self._sent = self._sent, []
        epoch, at, prev, results, answers = told
        # Mostly the frame has come already: then the last entry is the newest one that is known.
        if self._sink.seen(log) != (epoch, results[-1], sent[-1].id) or self._again:
            self._remember(sent, epoch, at, prev, results)
        for post, answer in zip(sent, answers, strict=True):
            post.done(answer)
        self.queued = bool(self._posts)
        return Next.MORE if self.queued else Next.NOTHING

    def _look_behind(self) -> str:
        """Return behind what a repeat has to look for its messages without ids ('': none)."""
        if self._behind is None or all([post.token for post in self._sent]):
            return ""
        return f"{self._behind.epoch.decode()}-{self._behind.offset}"

    def _looked(self, reply: Any) -> None:
        """Answer the messages that a repeat has found so far; it goes on behind a position."""
        behind, answers = decode_logs.looked(reply, self._sent)
        self._behind = behind
        rows = list(zip(self._sent, reply[3:], answers, strict=True))
        self._sent = [post for post, _, answer in rows if answer is None]
        posts = [post for post, _, answer in rows if answer is not None]
        self._remember(posts, behind.epoch, b"", b"", [found for _, found, _ in rows if found])
        for post, _, answer in rows:
            if answer is not None:
                post.done(answer)

    def _remember(
        self, sent: list[PendingMessage], epoch: bytes, at: bytes, prev: bytes, results: list[Any]
    ) -> None:
        """Hand on the entries that a reply tells of, before their messages are acknowledged."""
        log = self._log
        rows = list(zip(sent, results, strict=True))
        for _, result in rows:
            if result.__class__ is list:
                _, offset, head, body = result
                again = Frame(log, epoch, offset, b"", [Entry(offset, head, body)])
                self._sink.appended(Append(again, self._base))
        entries = [
            Entry(
                result,
                b"m %b %b %b"
                % (
                    post.id,
                    at,
                    (f"{post.hold.session}:{post.token}".encode() if post.token else b"-"),
                ),
                post.body,
            )
            for post, result in rows
            if result.__class__ is int and result
        ]
        if entries:
            first = entries[0]
            frame = Frame(log, epoch, first.offset, prev, entries)
            if self._sink.appended(Append(frame, self._base)):
                self._taken.add(frame, b"m %b %b " % (first.id, at))

    def lost(self) -> None:
        """Nobody knows whether the call was done."""
        self._again = True

    def refuse(self, refused: Refused) -> None:
        """Refuse the messages under way, and those behind them: nothing would call for them."""
        sent, self._sent, self._posts = self._sent + self._posts, [], []
        self.queued = False
        for post in sent:
            post.done(refused)

    def expire(self, now: float) -> None:
        """Refuse the messages that are overdue, and those behind them on the same connections.

        An author who is not told, because the connection ends just then, says all of them again, in
        order; none of them must have overtaken another one by then. What is said later has its own
        time: to refuse it at once would bring it back the sooner, and more often.
        """
        posts = [post for post in self._sent + self._posts if post.done is not _expired]
        late = {post.hold for post in posts if post.deadline <= now}
        for post in posts:
            if post.hold in late:
                done, post.done = post.done, _expired
                done(Refused.UNAVAILABLE)


def _expired(_reply: object) -> None:
    """Take the place of a ``done`` that has been called."""


def _fitting(posts: Sequence[PendingMessage]) -> int:
    """Return how many of some messages fit into one call: one, at least."""
    size = 0
    for count, post in enumerate(posts):
        size += len(post.body)
        if size > BYTES:
            return max(count, 1)
    return len(posts)
