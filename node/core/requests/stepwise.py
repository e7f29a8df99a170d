"""Handlers that wait for replies in the middle, and yet read from top to bottom.

Such a handler is a generator: it asks the broker, and gets the reply back. It runs as one request
that does not overlap with others. It only sees replies: if there is none, its request is answered
here, or waits until its session has been put back.
"""

from collections.abc import Callable, Generator
from functools import partial, wraps
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from node.core.model import Done, Failure, Fenced, Unavailable
from node.core.requests.replies import failed
from node.core.session.connection import ClientConnection
from node.core.session.recovery import Settle
from wire.errors import Reason
from wire.messages import AnyRequest

Args = TypeVarTuple("Args")
R = TypeVar("R", bound=AnyRequest)
T = TypeVar("T")


class Asked(NamedTuple):
    """A call that a handler waits for; ``call`` gets the function that takes the reply.

    A change to the session has a ``settle``.
    """

    call: Callable[[Callable[[Any], None]], None]
    settle: Settle | None = None


Steps = Generator[Asked, Any, T]
"""Yields what it waits for, gets the replies, and returns a result."""


class CallFailed(Exception):
    """A call has got no reply; a handler may catch it to tidy up, or to do without the reply."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why)
        self.why = why


def ask(
    call: Callable[[*Args, Done[T]], None], *args: *Args, settle: Settle | None = None
) -> Steps[T]:
    """Make a call of the broker and return its reply, or raise ``CallFailed``.

    A change to the session has a ``settle``: it gets the state of the session if nobody knows
    whether the change was done, and None if it was not done.
    """
    reply: T = yield Asked(lambda done: call(*args, done), settle)
    return reply


def stepwise(
    handler: Callable[[ClientConnection, R, float], Steps[None]],
) -> Callable[[ClientConnection, R, float], None]:
    """Run a handler step by step; until it has ended, other requests wait for it.

    A handler that asks for nothing is over at once.
    """

    @wraps(handler)
    def run(connection: ClientConnection, request: R, deadline: float) -> None:
        steps = handler(connection, request, deadline)
        if (asked := next(steps, None)) is not None:
            connection.pipeline.begin()
            _Run(connection, request, deadline, steps).ask(asked)

    return run


class _Run(NamedTuple):
    """A request whose handler waits for a reply."""

    connection: ClientConnection
    request: AnyRequest
    deadline: float
    steps: Steps[None]

    def ask(self, asked: Asked) -> None:
        asked.call(partial(self._replied, asked.settle))

    def _replied(self, settle: Settle | None, reply: Any) -> None:
        steps = self.steps
        try:
            if isinstance(reply, Failure):
                following = steps.throw(CallFailed(reply))
            else:
                following = steps.send(reply)
        except StopIteration:
            self.connection.pipeline.finish()
        except CallFailed as failure:
            self._failed(settle, failure.why)
        else:
            self.ask(following)

    def _failed(self, settle: Settle | None, why: Failure) -> None:
        """End a request that has got no reply, or run it again with a new token."""
        if why is Fenced.GONE and settle is not None:
            # It is refused after all if the session cannot be put back in time.
            late = partial(self._refuse, settle)
            self.connection.recovery.strand(self.request, self.deadline, late)
        else:
            self._refuse(settle, why)

    def _refuse(self, settle: Settle | None, why: Failure) -> None:
        connection, request = self.connection, self.request
        if why is Fenced.STALE:
            connection.end(Reason.REPLACED)
        else:
            failed(connection, request, why, getattr(request, "room", None))
            if settle is not None and why is Unavailable.UNREACHABLE:
                connection.recovery.reconcile(settle)
            elif settle is not None:
                settle(None)
        connection.pipeline.finish()
