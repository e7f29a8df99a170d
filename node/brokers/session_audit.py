"""Compares the sessions that Redis says are at this node with those that are."""

import logging
from collections.abc import Callable
from math import inf
from typing import Any

from node.brokers import decode_upkeep
from node.brokers.context import BrokerContext
from node.brokers.holds import Holds
from node.brokers.lanes import UPKEEP
from node.brokers.lease import Lease
from node.core.model import Failure, FencingToken

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two searches for strays, while Redis has too many sessions here."""
LISTED = 250
"""Sessions in one reply, or somewhat more: one command for each."""


class SessionAudit:
    """Finds strays, which Redis has and this node does not, and sessions that Redis has lost."""

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        release: Callable[[FencingToken, bool], None],
        holds: Holds,
    ) -> None:
        self._context = context
        self._lease = lease
        self._release = release
        self._holds = holds
        self._strays: set[FencingToken] = set()
        self._looked_at = -inf
        self._cursor = b"0"

    def _list(self, cursor: bytes, reply: Callable[[Any], None]) -> None:
        context = self._context
        args = [self._lease.incarnation, cursor, LISTED]
        deadline = context.clock() + context.config.lease / 2
        context.call("held", args, deadline, reply, decode_upkeep.tokens, UPKEEP)

    def here(self) -> int:
        """Return how many sessions are here that Redis should have: not those that are leaving."""
        events = self._context.events
        leaving = sum(events.holds(token.session) for token in self._holds.leaving)
        return events.facts().sessions - leaving

    def is_due(self) -> bool:
        """Say whether the last search for strays was long enough ago."""
        return self._context.clock() - self._looked_at >= LOOK_EVERY

    def look_for_strays(self, at_once: bool) -> None:
        """Release the sessions that have left, though Redis says that they are here.

        They may have left in a time that Redis has forgotten; and if others took them over then,
        this node was not told. Without such a sign (``at_once``) a session may also be about to
        come in: it is released at the second search.
        """
        self._looked_at = self._context.clock()
        incarnation, strays = self._lease.incarnation, set[FencingToken]()
        events, coming = self._context.events, self._holds.coming

        def reply(found: Any) -> None:
            if isinstance(found, Failure) or incarnation != self._lease.incarnation:
                return
            cursor, tokens = found
            strays.update(
                token
                for token in tokens
                if token.owner and not events.holds(token.session) and token not in coming
            )
            if cursor == b"0":
                self._release_strays(strays, at_once)
            else:
                self._list(cursor, reply)

        self._list(b"0", reply)

    def _release_strays(self, strays: set[FencingToken], at_once: bool) -> None:
        """Release sessions that are not here, if they were not at the search before either.

        Redis has brought back one that has ended here: it is ended again. Its rooms are told once
        their logs are back, as these may say it.
        """
        ended = {token for token in strays if self._holds.has_ended(token)}
        gone = strays if at_once else strays & self._strays | ended
        self._strays = strays - gone
        # Sorted: the order of a set differs from run to run, and a simulation must not.
        for token in sorted(gone):
            self._release(token, token in ended)
        if gone and not at_once:
            log.warning(
                "let go of sessions that Redis had at this node, and this node had not",
                extra={"count": len(gone)},
            )

    def look_for_vanished(self) -> None:
        """Check some of the sessions here, others with each call: Redis may have evicted one."""

        def reply(found: Any) -> None:
            if isinstance(found, Failure):
                return
            events = self._context.events
            self._cursor, tokens = found
            for token in tokens:
                if not token.owner and events.holds(token.session):
                    events.vanished(token.session)

        self._list(self._cursor, reply)
