"""A node's lease: the proof that the node lives, and that Redis remembers its sessions.

An incarnation is one run of a node, or what follows after its lease was over. Other nodes reap an
incarnation whose lease is over. A node needs no clock to stop acting for sessions that it has lost:
each script checks the fencing token of the session that it changes.
"""

import logging
from collections.abc import Callable
from math import inf

from node.brokers.clock import Clock
from node.brokers.decode_upkeep import Renewal

log = logging.getLogger(__name__)

FORMAT = 2
"""The layout of the data in Redis. A node that finds another layout does not touch the data.

It is raised only if older nodes would misread the data; docs/architecture.md says when that is.
"""
STEP_LOGGED_MS = 1000
"""Steps of Redis' clock from which on they are logged; smaller ones are corrections, as by NTP."""

REMEMBERED = 8
"""Earlier incarnations whose counts are known: a session is put back soon after the last one."""


class Lease:
    """What a node knows of its lease, and of the changes that Redis has counted under it."""

    def __init__(
        self, seconds: float, clock: Callable[[], float], random_id: Callable[[], str]
    ) -> None:
        self.incarnation = random_id()
        self.time = Clock(clock)
        self.changes = 0
        """Changes to sessions that Redis has counted for this incarnation, as far as is known."""
        self._before: dict[str, int] = {}
        self._seconds = seconds
        self._random_id = random_id
        self._known = False
        self._went_back = False
        self._lacked = False
        self._nicks_lost_at = 0
        self._until = inf
        """When the lease ends at least, by the chat's time; inf: no renewal was answered yet."""

    def note(self, owner: str, changes: int) -> None:
        """Remember how many changes Redis has counted for this incarnation (0: it did not count).

        Each reply has a number that is one higher than before, unless Redis went back meanwhile; by
        the next renewal it may have counted as far again. A negative number is that of a repeated
        reply, for which nothing was counted. Replies to an earlier incarnation are ignored.
        """
        if owner.partition(".")[0] != self.incarnation:
            return
        self._went_back |= 0 < changes <= self.changes or 0 < -changes < self.changes
        self.changes = max(self.changes, abs(changes))

    def changes_before(self, owner: str) -> int:
        """Return the changes counted for an owner's incarnation if that was reaped, or 0."""
        return self._before.get(owner.partition(".")[0], 0)

    def replace(self) -> None:
        """Begin another incarnation: this one was reaped."""
        self._before[self.incarnation] = self.changes
        while len(self._before) > REMEMBERED:
            del self._before[next(iter(self._before))]
        self.incarnation = self._random_id()
        self.changes, self._known, self._went_back = 0, False, False
        self._until = inf

    def extend(self, asked: float, found: Renewal) -> tuple[bool, bool]:
        """Take the times of a renewal that was ``asked`` for at a time of the core's clock.

        Return whether Redis remembers the renewal before, and whether to renew again at once.
        """
        remembered = found.before >= self._until
        self._until = found.time + int(self._seconds * 1000)
        if abs(found.step) >= STEP_LOGGED_MS:
            log.warning(
                "the clock of Redis was set by %+.1f s; deadlines are not affected",
                found.step / 1000,
            )
        return remembered, self.time.update(asked, found.time, found.doubt)

    def forgot(self, known: int, found: Renewal) -> bool:
        """Say whether Redis forgot sessions, of which it had counted ``known`` changes before."""
        # Sessions may have begun before the first renewal was answered.
        forgot = (
            found.changes < known or self._went_back or (self._known and found.status == b"new")
        )
        self._known, self._went_back = True, False
        if forgot:
            self.changes = found.changes
        return forgot

    def lacks(self, here: int, found: Renewal) -> bool:
        """Say whether Redis has fewer sessions than are here, at two renewals in a row.

        Seen once, they may have ended there, and this node has not been told yet.
        """
        lacks, before = found.here < here, self._lacked
        self._lacked = lacks
        if found.nameless and here > 0 and found.nameless != self._nicks_lost_at:
            # Nobody can take a nick until all are put back: so do it at once, and only once.
            self._nicks_lost_at = found.nameless
            return True
        return lacks and before
