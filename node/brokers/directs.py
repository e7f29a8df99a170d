"""Direct messages: those of a session go to Redis one after the other."""

from collections import deque
from typing import Any, NamedTuple

from node.brokers.context import BrokerContext
from node.brokers.publish_batch import Directed, directed
from node.core.model import Failure, FencingToken, PendingMessage, Unavailable


class _Direct(NamedTuple):
    """A message, the nick of its recipient, and what stands in the entry before and after that."""

    message: PendingMessage
    fold: str
    before: bytes
    after: bytes


class Directs:
    """Has one direct message of each session under way, and others wait in their order.

    Two calls in one pipeline would not do: Redis may refuse the first one for a moment, because its
    slot moves or it has not loaded the script, and run the second one.
    """

    def __init__(self, context: BrokerContext) -> None:
        self._context = context
        self._waiting: dict[FencingToken, deque[_Direct]] = {}

    def send(self, message: PendingMessage, fold: str, before: bytes, after: bytes) -> None:
        """Append a message to the inbox of the session that has the nick ``fold``."""
        direct = _Direct(message, fold, before, after)
        if (waiting := self._waiting.get(message.token)) is None:
            self._waiting[message.token] = deque()
            self._call(direct)
        else:
            waiting.append(direct)

    def _call(self, direct: _Direct) -> None:
        message, fold, before, after = direct
        retained = self._context.config.retained
        args = [message.id, *message.token, message.message_id, fold, before, after, retained]

        def parse(found: Any) -> Directed:
            return directed(found, message, before, after)

        def reply(found: Directed | Failure) -> None:
            if isinstance(found, Failure):
                message.done(found)
            else:
                stored, append = found
                if append is not None:
                    self._context.events.appended(append)
                message.done(stored)
            self._go_on(message.token)

        self._context.call("direct", args, message.deadline, reply, parse)

    def _go_on(self, token: FencingToken) -> None:
        """Send the session's next message; those whose time is over are refused at once."""
        waiting = self._waiting[token]
        while waiting:
            direct = waiting.popleft()
            if self._context.clock() < direct.message.deadline:
                self._call(direct)
                return
            direct.message.done(Unavailable.UNREACHABLE)
        del self._waiting[token]
