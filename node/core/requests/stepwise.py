"""Handlers that wait for replies in the middle, and yet read from top to bottom.

Such a handler is a generator: it yields a call, which takes the function that the reply is handed
to, and gets the reply back. It runs as one request that does not overlap with others.
"""

from collections.abc import Callable, Generator
from functools import wraps
from typing import Any, TypeVar

from node.core.model import Done, Refused
from node.core.session.connection import ClientConnection
from wire.messages import AnyRequest

R = TypeVar("R", bound=AnyRequest)
T = TypeVar("T")

Call = Callable[[Callable[[Any], None]], None]
"""Asks for something; the reply goes to the function that it is given."""

Steps = Generator[Call, Any, T]
"""Yields calls, gets their replies, and returns a result."""


def stepwise(
    handler: Callable[[ClientConnection, R, float], Steps[None]],
) -> Callable[[ClientConnection, R, float], None]:
    """Run a handler step by step; until it has ended, other requests wait for it.

    A handler that asks for nothing is over at once.
    """

    @wraps(handler)
    def run(connection: ClientConnection, request: R, deadline: float) -> None:
        steps = handler(connection, request, deadline)
        if (call := next(steps, None)) is not None:
            connection.pipeline.begin()
            _ask(connection, steps, call)

    return run


def _ask(connection: ClientConnection, steps: Steps[None], call: Call) -> None:
    def replied(reply: Any) -> None:
        try:
            following = steps.send(reply)
        except StopIteration:
            connection.pipeline.finish()
        else:
            _ask(connection, steps, following)

    call(replied)


def strand(connection: ClientConnection, request: AnyRequest, deadline: float) -> Call:
    """Return what lets a request wait until its session has been put back, and run it again then.

    The handler that yields it goes on only if that takes too long: it gets ``UNAVAILABLE``.
    """

    def call(done: Done[Refused]) -> None:
        connection.recovery.strand(request, deadline, done)

    return call
