"""Renews the lease of a node, about once a second, and acts on what Redis answers."""

import logging
from collections.abc import Sequence
from math import inf
from typing import Any

import msgspec

from node.brokers import decode_upkeep, keys
from node.brokers.calls import SimpleCall
from node.brokers.context import BrokerContext
from node.brokers.decode_upkeep import Renewal
from node.brokers.health import Health
from node.brokers.lease import FORMAT, Lease
from node.brokers.moderation_sync import ModerationSync
from node.brokers.readiness import Readiness
from node.brokers.session_audit import SessionAudit
from node.brokers.subscriptions import Subscriptions
from node.core.model import Done, Failure

log = logging.getLogger(__name__)

TELL_EVERY = 10.0
"""Seconds without a sign of lost data after which the next one is that of another loss."""


class LeaseRenewal:
    """Keeps a lease: reports to the core what Redis forgot, and keeps the subscription alive."""

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        readiness: Readiness,
        subscriptions: Subscriptions,
        audit: SessionAudit,
        moderation: ModerationSync,
        health: Health,
    ) -> None:
        self._context = context
        self._lease = lease
        self._readiness = readiness
        self._subscriptions = subscriptions
        self._audit = audit
        self._moderation = moderation
        self._health = health
        self._told_at = -inf
        # Nodes of format 1 know no cluster. The mark is in a slot of its own, which may be away.
        self._is_marked = context.shards.is_cluster
        self._started = context.clock()
        subscriptions.want(keys.node_channel(lease.incarnation))

    def renew(self) -> None:
        """Renew the lease; the core puts back the sessions that turn out to be forgotten."""
        self.check(lambda reply: None)

    def check(self, done: Done[bool]) -> None:
        """Renew the lease, and tell ``done`` whether sessions of this node were forgotten."""
        if not self._is_marked:
            self._mark(done)
            return
        context, lease = self._context, self._lease
        incarnation, known = lease.incarnation, lease.changes
        seconds = context.config.lease
        asked = context.clock()
        # A probe is the time at which it was sent.
        probe = int(asked * 1e6)
        base = [incarnation, int(seconds * 1000), FORMAT, context.random_id(), probe]
        base += self._facts()

        def args() -> Sequence[Any]:
            nonlocal asked
            asked = context.clock()
            return [*base, *lease.time.args()]

        def reply(found: Any) -> None:
            if isinstance(found, Failure):
                self._readiness.unreachable()
                done(found)
            elif incarnation != lease.incarnation:
                done(True)
            else:
                done(self._renewed(found, known, asked))

        parse = decode_upkeep.renewed
        context.call("renew", args, context.clock() + seconds / 2, reply, parse)

    def _mark(self, done: Done[bool]) -> None:
        """Renew the lease for the first time, unless nodes of format 1 have data here."""

        def reply(found: Any) -> None:
            if isinstance(found, Failure):
                self._readiness.unreachable()
                done(found)
            elif found != b"%d" % FORMAT:
                self._keep_off(found)
                done(False)
            else:
                self._is_marked = True
                self.check(done)

        deadline = self._context.clock() + self._context.config.lease / 2
        self._context.shards.call(
            SimpleCall("mark", [FORMAT], deadline, reply, parse=bytes, declared=keys.MARK)
        )

    def _facts(self) -> list[Any]:
        """Return what a renewal tells moderators about this node."""
        config, lag = self._context.config, self._readiness.lag
        facts = self._context.events.facts()._asdict()
        facts |= {"version": config.version, "format": FORMAT}
        facts["up"] = round(self._context.clock() - self._started, 1)
        facts["faults"] = self._health.found
        facts["lag_ms"] = _ms(lag)
        shards = self._context.shards
        if shards.is_cluster:
            counts = [server.counts for server in shards.states(self._context.clock())]
            facts["shards"] = {
                each.name: {"lag_ms": _ms(each.lag), "reconnects": each.reconnects}
                for each in counts
            }
        return [msgspec.json.encode(facts), config.notices, config.retained]

    def _renewed(self, found: Renewal, known: int, asked: float) -> bool:
        """Act on the answer to a renewal; return whether sessions were forgotten."""
        if found.status == b"format":
            self._keep_off(found.ordered)
            return False
        if self._readiness.accept():
            log.warning("the data in Redis have format %d again: this node serves again", FORMAT)
        if found.status == b"dead":
            self._begin_again()
            return True
        remembered, again = self._lease.extend(asked, found)
        self._context.contact.found(self._context.clock(), remembered)
        if again:
            self.renew()
        forgot = self._lease.forgot(known, found)
        self._moderation.newest(found.ordered)
        self._listen()
        self._compare_sessions(forgot, found)
        return forgot

    def _begin_again(self) -> None:
        """Go on as another incarnation: this one was reaped."""
        log.warning("the lease expired, and another node reaped this one; starting another lease")
        self._subscriptions.unwant(keys.node_channel(self._lease.incarnation))
        self._lease.replace()
        self._subscriptions.want(keys.node_channel(self._lease.incarnation))
        self.renew()
        self._context.events.forgotten(False)

    def _compare_sessions(self, forgot: bool, found: Renewal) -> None:
        """Have sessions put back, or look for those that only Redis or only this node has."""
        events, here = self._context.events, self._audit.here()
        if forgot:
            self._tell_lost(here)
            events.forgotten(True)
            self._audit.look_for_strays(at_once=True)
        elif self._lease.lacks(here, found):
            self._tell_lost(here)
            events.forgotten(False)
        elif self._audit.is_due() and found.here > here:
            self._audit.look_for_strays(at_once=False)
        elif found.here > 0:
            self._audit.look_for_vanished()

    def _tell_lost(self, here: int) -> None:
        """Log once that Redis lost data: several renewals in a row may notice the same loss."""
        now = self._context.clock()
        if now - self._told_at >= TELL_EVERY:
            log.warning(
                "Redis has lost data of sessions; this node puts its own back",
                extra={"sessions": here},
            )
        self._told_at = now

    def _keep_off(self, found: bytes) -> None:
        """Serve nobody, and change nothing, while the data have a format that is not known."""
        format = found.decode(errors="replace")
        newer = format.isdecimal() and int(format) > FORMAT
        reason = f"the data in Redis have format {format}, and this node knows only {FORMAT}"
        if self._readiness.refuse(reason):
            what = "upgrade this node" if newer else "delete them with FLUSHDB"
            log.error("%s: %s, or give it another database", reason, what)
        # Each time: a client may have been let in just when the format changed.
        self._context.events.estranged()

    def _listen(self) -> None:
        """Rebuild the subscription if no probe comes back."""
        if self._readiness.probe_sent(self._context.clock()):
            log.warning(
                "Redis delivers no messages to this node, though it answers: subscribing again"
            )
            self._subscriptions.rebuild_control()


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
