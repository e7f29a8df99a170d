"""A node's lease: the proof that it lives, that Redis remembers it, and that frames come through.

An incarnation is one life of a node; what others find under its name after its lease is over, they
reap. That a node does not speak for sessions it has lost needs no clock: every change is fenced in
its script by the hold on the session.
"""

import logging
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from node.brokers import decode_upkeep, keys
from node.brokers.calls import ScriptCaller
from node.brokers.clock import Clock
from node.brokers.contact import Contact
from node.brokers.decode_upkeep import Renewal
from node.brokers.lanes import UPKEEP
from node.brokers.subscriber import Subscriber
from node.core.interfaces import BrokerEvents
from node.core.model import Done, FencingToken, Refused

log = logging.getLogger(__name__)

FORMAT = 1
"""The layout of the data in Redis. A node that does not know the layout it finds keeps off.

It is raised only for what nodes of before would misread; docs/architecture.md tells what that is.
"""
PROBE_WITHIN = 5.0
"""Seconds within which a probe must have come back for the broker to count as delivering."""
DEAF_AFTER = 3.0
"""Seconds without a probe, though they are sent, after which the subscription is made anew."""
LOOK_EVERY = 5.0
"""Seconds between two looks at the sessions that Redis says are here, if there are too many."""
LISTED = 250
"""Sessions in one answer, or somewhat more: one command for each."""
SAID_FROM_MS = 1000
"""Steps of Redis' clock from which on they are said; smaller ones are corrections, as NTP makes."""


class Lease:
    """Renews the lease of a node, about once a second; each renewal publishes a probe."""

    def __init__(
        self,
        seconds: float,
        call: ScriptCaller,
        subscriber: Subscriber,
        sink: Callable[[], BrokerEvents],
        part: Callable[[FencingToken, bool], None],
        facts: Callable[[], Sequence[Any]],
        ordered: Callable[[bytes], None],
        clock: Callable[[], float],
        random_id: Callable[[], str],
        contact: Contact,
    ) -> None:
        self.incarnation = random_id()
        self._seconds = seconds
        self._call = call
        self._subscriber = subscriber
        self._sink = sink
        self._part = part
        self._facts = facts
        self._ordered = ordered
        self._clock = clock
        self._random_id = random_id
        self._contact = contact
        self.refused = False
        """The data in Redis are not ours to touch."""
        self._known = False
        self._looked_at = -inf
        self._strays: set[FencingToken] = set()
        self._changes = 0
        self._went_back = False
        self._lacked = False
        self._nameless = 0
        self._cursor = b"0"
        self.lag: float | None = None
        """Seconds that the last probe took from here through Redis and back."""
        self._deaf_since: float | None = None
        self._heard_at: float | None = None
        self.time = Clock(clock)
        self._until = inf
        """When our lease in Redis ends at least, by the chat's time; inf: we did not hear."""
        self._trouble = "the broker has not been reached yet"
        subscriber.want(keys.node_channel(self.incarnation))

    def note(self, owner: str, changes: int) -> None:
        """Remember how many changes Redis has counted for this incarnation (0: it did not count).

        Each reply tells of one more than the one before it, unless Redis went back meanwhile; by
        the next renewal it may have counted as far again. A negative number is of a reply that is
        told again: nothing was counted for it. What an earlier incarnation was told says nothing.
        """
        if owner.partition(".")[0] != self.incarnation:
            return
        self._went_back |= 0 < changes <= self._changes or 0 < -changes < self._changes
        self._changes = max(self._changes, abs(changes))

    def renew(self) -> None:
        """Renew the lease; sessions that turn out to be forgotten are put back by the core."""
        self.check(lambda reply: None)

    def check(self, done: Done[bool]) -> None:
        """Renew the lease, and tell whether sessions of this node were forgotten."""
        incarnation, known = self.incarnation, self._changes
        # A probe is the time at which it was sent.
        probe = int(self._clock() * 1e6)
        base = [incarnation, int(self._seconds * 1000), FORMAT, self._random_id(), probe]
        base += self._facts()
        asked = self._clock()

        def args() -> Sequence[Any]:
            nonlocal asked
            asked = self._clock()
            return [*base, *self.time.args()]

        def reply(found: Any) -> None:
            if isinstance(found, Refused):
                self._trouble = "the broker does not answer, or refuses (full, read-only, loading)"
                done(found)
            elif incarnation != self.incarnation:
                done(True)
            else:
                done(self._renewed(incarnation, decode_upkeep.renewed(found), known, asked))

        self._call("renew", args, self._clock() + self._seconds / 2, reply)

    def _renewed(self, incarnation: str, found: Renewal, known: int, asked: float) -> bool:
        status = found.status
        if status == b"format":
            self._keep_off(found.ordered)
            return False
        if self.refused:
            self.refused = False
            log.warning("the data in Redis have format %d again: this node serves", FORMAT)
        if status == b"dead":
            log.warning("the lease is over, and this node was reaped; it begins anew")
            self._subscriber.unwant(keys.node_channel(self.incarnation))
            self.incarnation = self._random_id()
            self._subscriber.want(keys.node_channel(self.incarnation))
            self._changes, self._known, self._went_back = 0, False, False
            self._until = inf
            self.renew()
            self._sink().forgotten(False)
            return True
        self._see_time(asked, found)
        forgot = self._known and (status == b"new" or found.changes < known or self._went_back)
        self._known, self._went_back = True, False
        self._ordered(found.ordered)
        self._listen()
        if forgot:
            log.warning("Redis forgot sessions of this node; they are put back")
            self._changes = found.changes
            self._sink().forgotten(True)
            self._look_for_strays(at_once=True)
        elif self._lacks(found):
            log.warning("Redis lost some of what tells of sessions here; it is put back")
            self._sink().forgotten(False)
        elif (
            self._clock() - self._looked_at >= LOOK_EVERY
            and found.here > self._sink().facts().sessions
        ):
            self._look_for_strays(at_once=False)
        elif found.here > 0:
            self._look_for_vanished()
        return forgot

    def _see_time(self, asked: float, found: Renewal) -> None:
        """Look what a renewal tells of clocks, and whether Redis has gone back since the last."""
        self._contact.found(self._clock(), found.before >= self._until)
        self._until = found.time + int(self._seconds * 1000)
        if abs(found.step) >= SAID_FROM_MS:
            log.warning("the clock of Redis was set by %+.1f s: deadlines stay", found.step / 1000)
        if self.time.told(asked, found.time, found.doubt):
            self.renew()

    def _lacks(self, found: Renewal) -> bool:
        """Say whether Redis has too little of the sessions here, as it had at the last renewal.

        Seen once, it may be that they ended there, and this node has not been told of it yet.
        """
        here = self._sink().facts().sessions
        lacks, before = found.here < here, self._lacked
        self._lacked = lacks
        if found.nameless and here > 0 and found.nameless != self._nameless:
            # Until they are back nobody can take a nick: at once, then, and only once.
            self._nameless = found.nameless
            return True
        return lacks and before

    def _keep_off(self, found: bytes) -> None:
        """Serve nobody, and change nothing, as long as the data have a format we do not know."""
        format = found.decode(errors="replace")
        newer = format.isdecimal() and int(format) > FORMAT
        trouble = f"the data in Redis have format {format}, and this node knows only {FORMAT}"
        if trouble != self._trouble or not self.refused:
            what = "upgrade this node" if newer else "this node is too new for them"
            log.error("%s: %s, or give it another Redis", trouble, what)
        self._trouble, self.refused = trouble, True
        # Each time: somebody may just have been let in when the format changed.
        self._sink().estranged()

    def _look_for_strays(self, at_once: bool) -> None:
        """Let go of sessions that have left, though Redis says that they are here.

        They may have left in the time that it forgot; what others took over in that time, this node
        was not told as a change of its own. Without a sign of that (``at_once``) such a session may
        just be coming in, and is let go of at the second look.
        """
        self._looked_at = self._clock()
        incarnation, strays = self.incarnation, set[FencingToken]()

        def look(cursor: bytes) -> None:
            deadline = self._clock() + self._seconds / 2
            self._call("held", [incarnation, cursor, LISTED], deadline, reply, UPKEEP)

        def reply(found: Any) -> None:
            if isinstance(found, Refused) or incarnation != self.incarnation:
                return
            cursor, holds = decode_upkeep.tokens(found)
            strays.update(
                hold for hold in holds if hold.owner and not self._sink().holds(hold.session)
            )
            if cursor == b"0":
                self._let_go(strays, at_once)
            else:
                look(cursor)

        look(b"0")

    def _look_for_vanished(self) -> None:
        """Look at some of the sessions here, with each renewal at the next ones: Redis may have
        evicted one that says nothing."""

        def reply(found: Any) -> None:
            if isinstance(found, Refused):
                return
            self._cursor, holds = decode_upkeep.tokens(found)
            for hold in holds:
                if not hold.owner and self._sink().holds(hold.session):
                    self._sink().vanished(hold.session)

        deadline = self._clock() + self._seconds / 2
        self._call("held", [self.incarnation, self._cursor, LISTED], deadline, reply, UPKEEP)

    def _let_go(self, strays: set[FencingToken], at_once: bool) -> None:
        """Let go of sessions that are not here, if they were not the time before either."""
        gone = strays if at_once else strays & self._strays
        self._strays = strays - gone
        for hold in gone:
            self._part(hold, False)
        if gone and not at_once:
            log.warning("Redis had sessions here that are not", extra={"count": len(gone)})

    def _listen(self) -> None:
        """Look whether probes come back, now that one has been sent."""
        now = self._clock()
        if self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= DEAF_AFTER:
            log.warning("no probe comes back: the subscription is made anew")
            self._trouble = "probes do not come back"
            self._deaf_since = now
            self._subscriber.rebuild()

    def heard(self, probe: int) -> None:
        """A probe has come back."""
        self._heard_at = self._clock()
        self.lag = max(0.0, self._heard_at - probe / 1e6)
        self._deaf_since = None
        # What will be the matter if it was the last one; until more is known.
        self._trouble = f"no probe has come back for {PROBE_WITHIN:g} s"

    def unready(self) -> str | None:
        """Return why the broker does not deliver, None if a probe came back lately."""
        if self.refused:
            return self._trouble
        if self._heard_at is not None and self._clock() - self._heard_at < PROBE_WITHIN:
            return None
        return self._trouble
