"""Moderation rules: read again when they have changed, put back when Redis forgot them."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any

import msgspec

from node.brokers import decode_upkeep
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.lanes import UPKEEP
from node.core.model import Failure, ModerationRule

log = logging.getLogger(__name__)

SAME_END = 2.0
"""Seconds within which two ends of an order are the same one: each is read by its time left."""

_PLURAL = {"nick": "nicks", "net": "networks", "kick": "kicks", "room": "rooms"}
_ORDERS = {
    "nick": ("ban", "nick"),
    "net": ("ban", "network"),
    "kick": ("kick", "session"),
    "room": ("close-room", "room"),
}
"""What each kind of rule is to a moderator, and whom it concerns."""

LISTED = 250
"""Rules in one reply, or somewhat more, and most that are put back in one call."""


RulesPage = tuple[bytes, bytes, list[ModerationRule]]
"""The id of the newest change to the rules, the cursor for the next page, and the rules of one."""


class ModerationSync:
    """Tells the core the rules in force, and puts back those that Redis forgot.

    A change has a number and an id. Each renewal of the lease tells them too, so a lost message
    costs a second. A number that is not above the known one shows that Redis went back. ``settle``
    is called when there are other rules.
    """

    def __init__(self, context: BrokerContext, settle: Callable[[], None]) -> None:
        self._context = context
        self._settle = settle
        self._rules: list[ModerationRule] = []
        self._page: dict[str, ModerationRule] = {}
        self._page_of = b""
        self._known = b""
        self._wanted = b""
        self._asked = b""
        self._busy = False
        self._is_new = True
        """No rules were read yet, and it is not known either that there are none."""

    def newest(self, change: bytes) -> None:
        """Take the id of the newest change; read the rules unless they are known."""
        self._wanted = change
        self._is_new = self._is_new and change != b""
        if change != self._known and not self._busy:
            self._read()

    def _read(self, cursor: bytes = b"0") -> None:
        if cursor == b"0":
            self._asked = self._wanted
        self._busy = True
        deadline = self._context.clock() + READ_WITHIN
        reply = partial(self._on_read, cursor)
        self._context.call("orders", [cursor, LISTED], deadline, reply, self._parse, UPKEEP)

    def _parse(self, found: Any) -> RulesPage:
        newest, after = decode_upkeep.newest(found)
        return newest, after, decode_upkeep.moderation_rules(found, self._context.clock())

    def _on_read(self, cursor: bytes, found: RulesPage | Failure) -> None:
        self._busy = False
        if isinstance(found, Failure):
            return
        newest, after, rules = found
        if newest == self._known:
            return
        if _number(newest) <= _number(self._known):
            self._put_back()
            return
        if cursor == b"0":
            self._page, self._page_of = {}, newest
        elif newest != self._page_of:
            # There was another change: pages of different changes do not belong together.
            self._read()
            return
        self._page |= {f"{rule.kind}:{rule.what}": rule for rule in rules}
        if after != b"0":
            self._read(after)
            return
        before, self._rules = self._rules, list(self._page.values())
        self._known, self._page = newest, {}
        _tell(before, self._rules, self._is_new, self._context.clock())
        self._is_new = False
        self._context.events.moderated(self._rules)
        # A moderator may have ended sessions or rooms.
        self._settle()
        if self._wanted != self._asked and _number(self._wanted) > _number(self._known):
            # It was announced while the rules were being read; earlier ids may be meaningless.
            self._read()

    def _put_back(self) -> None:
        log.warning("Redis has lost orders of moderators; this node puts them back")
        now = self._context.clock()
        self._put_back_rest([rule for rule in self._rules if rule.until > now])

    def _put_back_rest(self, rules: Sequence[ModerationRule]) -> None:
        """Put rules back, some in each call; the last call tells all nodes."""
        context = self._context
        now, part = context.clock(), rules[:LISTED]
        number: int | str = "" if len(rules) > len(part) else _number(self._known)
        args: list[Any] = [context.random_id(), number]
        for rule in part:
            left = 0 if rule.until == inf else max(1, int((rule.until - now) * 1000))
            why = msgspec.json.encode(rule.why) if rule.why else b""
            args += (f"{rule.kind}:{rule.what}", left, rule.birth, why)
        self._busy = True
        reply = partial(self._on_put_back, rules)
        parse = decode_upkeep.restored_rules
        context.call("reorder", args, now + READ_WITHIN, reply, parse, UPKEEP)

    def _on_put_back(self, rules: Sequence[ModerationRule], found: int | Failure) -> None:
        self._busy = False
        if isinstance(found, Failure):
            return
        if rules := rules[found:]:
            self._put_back_rest(rules)
        else:
            self._read()


def _tell(
    before: Sequence[ModerationRule], rules: Sequence[ModerationRule], at_start: bool, now: float
) -> None:
    """Log each order of a moderator that is new, or was lifted; those found at the start once."""
    if at_start:
        kinds = Counter(rule.kind for rule in rules)
        facts = {_PLURAL[kind]: kinds[kind] for kind in _PLURAL}
        log.info("orders of moderators that are in force", extra=facts)
        return
    old, new = ({(*rule[:2], rule.birth): rule for rule in some} for some in (before, rules))
    for key, rule in new.items():
        if key not in old or _was_set_anew(old[key], rule):
            log.info("order of a moderator", extra=_facts(rule, now))
    for key, rule in old.items():
        if key not in new and rule.kind in ("nick", "net") and rule.until > now:
            log.info("a moderator lifted an order", extra=_facts(rule, now))


def _was_set_anew(before: ModerationRule, rule: ModerationRule) -> bool:
    """Return whether an order was given again: its end is reported by the second, about."""
    return rule.why != before.why or (
        rule.until != before.until and not abs(rule.until - before.until) < SAME_END
    )


def _facts(rule: ModerationRule, now: float) -> dict[str, object]:
    order, subject = _ORDERS[rule.kind]
    # The id of a session is a digest of its key: the beginning tells it from others.
    what = rule.what[:8] if rule.kind == "kick" else rule.what
    facts: dict[str, object] = {"order": order, subject: what}
    if rule.kind in ("nick", "net") and rule.until != inf:
        facts["seconds"] = round(rule.until - now)
    return facts | ({"reason": rule.why} if rule.why else {})


def _number(change: bytes) -> int:
    number = change.partition(b" ")[0][:18]
    return int(number) if number.isdigit() else 0
