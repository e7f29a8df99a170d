"""What moderators have ordered: read anew when it has changed, put back when Redis forgot it."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any

import msgspec

from node.brokers import decode_upkeep
from node.brokers.calls import ScriptCaller
from node.brokers.lanes import UPKEEP
from node.core.interfaces import BrokerEvents
from node.core.model import ModerationRule, Refused

log = logging.getLogger(__name__)

READ_WITHIN = 4.0
"""Seconds for the orders to be read; after that the next renewal of the lease asks again."""
LISTED = 250
"""Orders in one answer, or somewhat more, and most that are put back in one call."""


class ModerationSync:
    """Tells the core the orders that hold, and Redis those that it forgot.

    A change has a number and an id, which each renewal of the lease tells too: so a lost message
    costs a second. A number that is not above the one we know shows that Redis went back.
    """

    def __init__(
        self,
        call: ScriptCaller,
        sink: Callable[[], BrokerEvents],
        clock: Callable[[], float],
        random_id: Callable[[], str],
        rules: tuple[int, int],
    ) -> None:
        self._call = call
        self._sink = sink
        self._clock = clock
        self._random_id = random_id
        self._rules = rules
        self._orders: list[ModerationRule] = []
        self._page: dict[str, ModerationRule] = {}
        self._page_of = b""
        self._known = b""
        self._wanted = b""
        self._asked = b""
        self._busy = False

    def newest(self, change: bytes) -> None:
        """The newest change is this one: read the orders, unless they are known."""
        self._wanted = change
        if change != self._known and not self._busy:
            self._read()

    def _read(self, cursor: bytes = b"0") -> None:
        if cursor == b"0":
            self._asked = self._wanted
        self._busy = True
        deadline = self._clock() + READ_WITHIN
        self._call("orders", [cursor, LISTED], deadline, partial(self._on_read, cursor), UPKEEP)

    def _on_read(self, cursor: bytes, found: Any) -> None:
        self._busy = False
        if isinstance(found, Refused):
            return
        (newest, after), orders = decode_upkeep.newest(found), decode_upkeep.moderation_rules(
            found, self._clock()
        )
        if newest == self._known:
            return
        if _number(newest) <= _number(self._known):
            self._put_back()
            return
        if cursor == b"0":
            self._page, self._page_of = {}, newest
        elif newest != self._page_of:
            # There are others by now: pages of different changes do not belong together.
            self._read()
            return
        self._page |= {f"{order.kind}:{order.what}": order for order in orders}
        if after != b"0":
            self._read(after)
            return
        self._known, self._orders, self._page = newest, list(self._page.values()), {}
        log.info("%d orders of moderators hold", len(self._orders))
        self._sink().ordered(self._orders)
        if self._wanted != self._asked and _number(self._wanted) > _number(self._known):
            # Told while this was being read; what was told before it may be nonsense.
            self._read()

    def _put_back(self) -> None:
        log.warning("Redis forgot orders of moderators; they are put back")
        now = self._clock()
        self._put_back_rest([order for order in self._orders if order.until > now])

    def _put_back_rest(self, orders: Sequence[ModerationRule]) -> None:
        """Put orders back, some at a time; with the last of them all nodes are told."""
        now, part = self._clock(), orders[:LISTED]
        number: int | str = "" if len(orders) > len(part) else _number(self._known)
        args: list[Any] = [self._random_id(), number, *self._rules]
        for order in part:
            left = 0 if order.until == inf else max(1, int((order.until - now) * 1000))
            why = msgspec.json.encode(order.why) if order.why else b""
            args += (f"{order.kind}:{order.what}", left, order.epoch, why)
        self._busy = True
        self._call("reorder", args, now + READ_WITHIN, partial(self._on_put_back, orders), UPKEEP)

    def _on_put_back(self, orders: Sequence[ModerationRule], found: Any) -> None:
        self._busy = False
        if isinstance(found, Refused):
            return
        if done := decode_upkeep.restored_rules(found):
            orders = orders[done:]
        if orders:
            self._put_back_rest(orders)
        else:
            self._read()


def _number(change: bytes) -> int:
    number = change.partition(b" ")[0][:18]
    return int(number) if number.isdigit() else 0
