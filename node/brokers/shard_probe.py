"""Keeps the subscriptions of servers without sessions alive: a lease has a probe of its own."""

import logging
from collections.abc import Callable
from itertools import count
from typing import Any

from node.brokers import keys
from node.brokers.calls import SimpleCall
from node.brokers.context import BrokerContext
from node.brokers.lanes import CHANGES
from node.brokers.lease import Lease
from node.brokers.readiness import DEAF_AFTER
from node.brokers.subscriber import Subscriber

log = logging.getLogger(__name__)


class ShardProbe:
    """Sends a probe about once a second, and replaces a subscription that brings none back."""

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        number: int,
        place: Callable[[str], int],
        subscriber: Subscriber,
    ) -> None:
        self._context = context
        self.number = number
        self._subscriber = subscriber
        tag = next(tag for tag in map(str, count()) if place(tag) == number)
        self.channel = keys.probe_channel(tag, lease.incarnation)
        self._declared = self.channel.decode(), f"chat:{{{tag}}}:never"
        self._deaf_since: float | None = None
        subscriber.want(self.channel)

    def send(self) -> None:
        """Send a probe; replace the subscription if the last ones have not come back."""
        context = self._context
        now = context.clock()
        payload = b"shard %d" % self.number
        call = SimpleCall(
            *("probe", [payload], now + 1.0, self._sent, CHANGES),
            declared=self._declared,
        )
        context.shards.all[self.number].pipeline.call(call)

    def _sent(self, found: Any) -> None:
        now = self._context.clock()
        if not isinstance(found, list):
            self._deaf_since = None
        elif self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= DEAF_AFTER:
            self._deaf_since = now
            log.warning("a Redis delivers no messages to this node: subscribing again")
            self._subscriber.rebuild()

    def heard(self) -> None:
        """Note that a probe has come back."""
        self._deaf_since = None
