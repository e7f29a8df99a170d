"""Ends what is over in Redis: leases, grace periods, unused rooms, remembered ids of messages.

Each node does that for all of them; scripts/reap.lua and scripts/tidy.lua say what it is.
"""

import logging
from collections.abc import Callable
from typing import Any

from node.brokers import decode_upkeep
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.lanes import UPKEEP
from node.brokers.lease import Lease
from node.core.model import Failure

log = logging.getLogger(__name__)

REAPED = 100
"""Most sessions and rooms that one call looks at, of each kind."""
TIDIED = 100
"""Most deadlines of each kind that one call looks at, at two or three commands each."""


class Upkeep:
    """Reaps and tidies, once all nodes have had the time to renew their leases.

    ``settle`` is called when sessions or rooms have ended.
    """

    def __init__(self, context: BrokerContext, lease: Lease, settle: Callable[[], None]) -> None:
        self._context = context
        self._lease = lease
        self._settle = settle
        self._reaping = False
        self._reaped = [0, 0, 0]

    def _may_reap(self) -> bool:
        """Say whether all other nodes have had the time to renew their leases."""
        context = self._context
        return context.config.alone or context.contact.steady(context.clock(), context.config.lease)

    def reaps_until(self) -> int:
        """Return the chat's time at which what is over now may be ended; 0: nothing may.

        Redis may hang, and run a call long after it was sent. Then what was over when it was sent
        has to be told from what could not be renewed since.
        """
        return self._lease.time.least() if self._may_reap() else 0

    def reap(self) -> None:
        """End leases, sessions and rooms that are over, unless that is under way."""
        if self._reaping or not self._may_reap():
            return
        context, config = self._context, self._context.config
        base = [context.random_id(), int(config.grace * 1000)]
        base += [int(config.room_idle * 1000), REAPED]

        def args() -> list[Any] | None:
            # Redis may have been away since: then other nodes have not had the time.
            self._reaping = self._may_reap()
            return [*base, self.reaps_until()] if self._reaping else None

        self._reaping = True
        deadline, parse = context.clock() + READ_WITHIN, decode_upkeep.reaped
        context.call("reap", args, deadline, self._on_reaped, parse, UPKEEP)

    def _on_reaped(self, found: Any) -> None:
        """Go on as long as there is more to do; log at the end how much it was."""
        self._reaping = False
        if not isinstance(found, Failure):
            *counts, more = found
            if any(counts):
                self._settle()
            self._reaped = [sum(pair) for pair in zip(self._reaped, counts, strict=True)]
            if more:
                self.reap()
                return
        orphans, ended, closed = self._reaped
        self._reaped = [0, 0, 0]
        if orphans:
            log.info(
                "the lease of a node expired; its sessions can be resumed here",
                extra={"sessions": orphans},
            )
        if ended or closed:
            facts = {"sessions": ended, "rooms": closed}
            log.info("ended sessions that nobody resumed, and removed unused rooms", extra=facts)

    def tidy(self) -> None:
        """Shorten deadlines that are too late, and forget ids of messages that are too old."""
        if not self._may_reap():
            return
        context = self._context
        base = [int(context.config.lease * 1000), int(context.config.grace * 1000)]

        def args() -> list[Any] | None:
            return [*base, self.reaps_until(), TIDIED] if self._may_reap() else None

        def reply(found: Any) -> None:
            if found == 1:
                self.tidy()

        context.call("tidy", args, context.clock() + READ_WITHIN, reply, lane=UPKEEP)
