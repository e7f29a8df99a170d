"""Keeps the subscriptions of servers without sessions alive: a lease has a probe of its own."""

import logging
from typing import Any

from node.brokers import keys
from node.brokers.calls import SimpleCall
from node.brokers.context import BrokerContext
from node.brokers.lanes import CHANGES
from node.brokers.lease import Lease
from node.brokers.readiness import DEAF_AFTER
from node.brokers.slot_map import SlotMap
from node.brokers.subscriptions import Subscriptions

log = logging.getLogger(__name__)


class ShardProbe:
    """Sends a probe about once a second, and replaces a subscription that brings none back.

    It goes by a hash tag whose slot the server keeps. That tag changes when the slot moves.
    """

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        number: int,
        slots: SlotMap,
        subscriptions: Subscriptions,
    ) -> None:
        self._context = context
        self._lease = lease
        self._number = number
        self._slots = slots
        self._subscriptions = subscriptions
        self._tag: str | None = None
        self._channel = b""
        self._deaf_since: float | None = None

    def send(self) -> None:
        """Send a probe; replace the subscription if the last ones have not come back."""
        slots, number = self._slots, self._number
        is_control = slots.place(keys.CONTROL_TAG) == number
        self._listen(None if is_control else slots.tag(number))
        if self._tag is None:
            return
        context, payload = self._context, b"shard %d" % number
        declared = self._channel.decode(), f"chat:{{{self._tag}}}:never"
        deadline = context.clock() + 1.0
        context.shards.call(
            SimpleCall("probe", [payload], deadline, self._sent, CHANGES, declared=declared)
        )

    def _listen(self, tag: str | None) -> None:
        """Have the probes come by the channel of this tag."""
        if tag == self._tag:
            return
        if self._tag is not None:
            self._subscriptions.unwant(self._channel)
        self._tag, self._deaf_since = tag, None
        if tag is not None:
            self._channel = keys.probe_channel(tag, self._lease.incarnation)
            self._subscriptions.want(self._channel)

    def _sent(self, found: Any) -> None:
        now = self._context.clock()
        if not isinstance(found, list):
            self._deaf_since = None
        elif self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= DEAF_AFTER:
            self._deaf_since = now
            log.warning("a Redis delivers no messages to this node: subscribing again")
            self._subscriptions.rebuild(self._number)

    def heard(self) -> None:
        """Note that a probe has come back."""
        self._deaf_since = None
