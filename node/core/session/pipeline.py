"""The order in which one client's requests are done. Only the rules: it runs nothing itself."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from node.core.session.keepalive import Keepalive
from node.core.session.recovery import TOO_LATE, Outcome, Recovery
from node.core.session.states import StateRow
from node.core.session.token_state import TokenState
from wire.messages import AnyRequest


class Waiting(NamedTuple):
    """A request that waits for the ones before it, and when it must have been answered."""

    request: AnyRequest
    row: StateRow
    deadline: float

    def is_late(self, now: float) -> bool:
        """Say whether the request waits no longer: it is refused, or a `quit` done at once."""
        return (self.row.counted or self.row.last) and self.deadline - now <= TOO_LATE


class RequestPipeline:
    """Keeps a client's requests in order.

    Those that only append (``overlaps`` in their row) follow each other without waiting for
    replies; any other one waits until the ones before it are done, and the ones behind it wait for
    it. While the session is being recovered, all of them wait.

    ``backlog`` is how many requests wait or overlap: with too many the connection stops reading,
    and is ``throttled``. ``advance`` is called when a reply lets requests behind it go on.
    """

    __slots__ = (
        *("backlog", "throttled", "_recovery", "_keepalive", "_advance"),
        *("_busy", "_overlapping", "_queue", "_closing"),
    )

    def __init__(
        self, recovery: Recovery, keepalive: Keepalive, advance: Callable[[], None]
    ) -> None:
        self.backlog = 0
        self.throttled = False
        self._recovery = recovery
        self._keepalive = keepalive
        self._advance = advance
        self._busy = False
        self._overlapping = 0
        self._queue: deque[Waiting] | None = None
        self._closing = False

    # Requests that wait

    def admits(self, row: StateRow, first: bool = False) -> bool:
        """Say whether a request may be run now; ``first``: it is the first of those that wait."""
        if self._busy or (self._queue and not first):
            return False
        if self._recovery.state is not TokenState.HELD:
            return False
        if self._overlapping and not row.overlaps:
            return False
        # A `quit` need not know the outcome of what came before it. A page may be a thousand times
        # its request: a client that does not read gets no other one yet.
        unread = self._keepalive.paused_at is not None and not row.overlaps
        return row.last or (self._recovery.outcome is Outcome.KNOWN and not unread)

    def push(self, request: AnyRequest, row: StateRow, deadline: float) -> None:
        """Let a request wait."""
        if self._queue is None:
            self._queue = deque()
        self._queue.append(Waiting(request, row, deadline))
        self.backlog += 1

    def pop(self, now: float) -> Waiting | None:
        """Remove and return the next request, if it may be run by now or is too late to be."""
        if not self._queue:
            return None
        if not self.admits(self._queue[0].row, first=True) and not self._queue[0].is_late(now):
            return None
        self.backlog -= 1
        return self._queue.popleft()

    @property
    def waits(self) -> bool:
        """Whether requests wait."""
        return bool(self._queue)

    # Requests under way

    @property
    def under_way(self) -> int:
        """How many requests wait for the broker's reply."""
        return self._overlapping + self._busy

    def begin(self, overlaps: bool = False) -> None:
        """A request waits for the broker's reply."""
        if overlaps:
            self._overlapping += 1
            self.backlog += 1
        else:
            self._busy = True

    def finish(self, overlaps: bool = False) -> None:
        """The reply has come: go on with the requests behind it."""
        if overlaps:
            self._overlapping -= 1
            self.backlog -= 1
        else:
            self._busy = False
        if self._recovery.state is not TokenState.HELD:
            self._recovery.replied()
        # Nearly always nothing waits: looking is cheaper than going on.
        if self._queue or self.throttled or self._closing:
            self._advance()

    def withdraw(self, overlaps: bool) -> None:
        """A request is not under way any more, and is run again."""
        if overlaps:
            self._overlapping -= 1
            self.backlog -= 1
        else:
            self._busy = False

    # A client that asks too much

    def throttle(self) -> None:
        """Nothing is read from the client until fewer requests wait."""
        self.throttled = True

    def relieve(self, low: int) -> bool:
        """Say whether the client may be read from again, with ``low`` requests or fewer left."""
        if not self.throttled or self.backlog > low:
            return False
        self.throttled = False
        return True

    # The end

    def close(self) -> None:
        """Take nothing new, and leave what is not begun to another node.

        But a `quit` that waits ends the session, and all that waits with it.
        """
        self._closing = True
        last = [waiting for waiting in self._queue or () if waiting.row.last]
        self._queue = deque(last)
        self.backlog = self._overlapping + len(last)

    @property
    def quits(self) -> bool:
        """Whether a `quit` waits for the requests before it."""
        return any(waiting.row.last for waiting in self._queue or ())

    def clear(self) -> None:
        """Forget what waits: requests may be large.

        The connection and its transport refer to each other, so Python frees them late.
        """
        self._queue = None
        self.backlog = self._overlapping
