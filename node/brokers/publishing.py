"""The calls that put messages into logs."""

from collections.abc import Sequence
from typing import Any

from node.brokers.pump import Next
from node.core.ports import Kept, Post, Refused, Sink

MOST = 200
"""Messages in one call: a batch is atomic, and Lua's stack bounds its reply."""


def kept(remembered: bytes) -> Kept:
    """Return what is remembered of a message: "AT LOG POSITION TO"."""
    at, log, position, *to = remembered.decode().split(" ")
    return Kept(log, position, int(at), to[0] if to else "")


class Publish:
    """A room's messages on their way: some under way, others gathering for the next call.

    There is one for each room, so that its messages cannot overtake each other.
    """

    __slots__ = ("script", "room", "queued", "_posts", "_sent", "_again", "_cap", "_sink")

    def __init__(self, room: str, cap: int, sink: Sink) -> None:
        self.script = "publish"
        self.room = room
        self.queued = False
        self._posts: list[Post] = []
        self._sent: list[Post] = []
        self._again = False
        self._cap = cap
        self._sink = sink

    def add(self, post: Post) -> None:
        """Let a message go with the next call."""
        self._posts.append(post)

    def args(self) -> Sequence[Any] | None:
        """Return the arguments for the messages gathered so far; what comes later waits."""
        self._sent = [post for post in self._sent if post.done is not _expired]
        if not self._sent:
            posts = [post for post in self._posts if post.done is not _expired]
            # What one call appends is not trimmed by it: a repeat has to find it.
            most = min(MOST, self._cap)
            self._sent, self._posts = posts[:most], posts[most:]
            self._again = False
        if not self._sent:
            self.queued = False
            return None
        log = "r:" + self.room
        key = "chat:{" + log + "}"
        args: list[Any] = [2, key, key + ":log", self.room, self._cap]
        args += self._sink.seen(log) or ("", 0, "")
        args.append(1 if self._again else 0)
        for post in self._sent:
            args += (post.id, post.hold.session, post.hold.owner, post.token, post.body)
        return args

    def reply(self, reply: Any) -> Next:
        """Answer each message."""
        log = "r:" + self.room
        if reply[0] == b"rewound":
            self._sink.rewound(log)
            return Next.WAIT
        sent, self._sent = self._sent, []
        epoch, at = reply[1].decode(), int(reply[2])
        for post, result in zip(sent, reply[3:], strict=True):
            if isinstance(result, bytes):
                post.done(kept(result))
            elif result:
                post.done(Kept(log, f"{epoch}-{result}-{post.id.decode()}", at, ""))
            else:
                post.done(Refused.GONE)
        self.queued = bool(self._posts)
        return Next.MORE if self.queued else Next.NOTHING

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
