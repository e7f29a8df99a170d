"""Puts back what a log has lost of the entries that this node knows."""

from collections.abc import Callable
from functools import partial

from node.core.entries import Lost, Slice
from node.core.interfaces import Broker
from node.core.log_names import is_inbox
from node.core.model import Done, Failure, Fenced
from node.core.rooms.comparison import Comparison
from node.core.rooms.known_log import KnownLog
from node.core.rooms.merge import Found, all_known, first_part, lost
from node.core.rooms.unconfirmed import Unconfirmed

Healed = Callable[[Found | int | Failure], None]
"""Takes what became of a log: ``Found``, if nothing has to be put back (any more); how many entries
were put back, and then the log has to be read again; or why it could not be done."""


class Healing:
    """Compares a log with what this node knows of it, and puts back what the log lacks."""

    __slots__ = ("_log", "_broker", "_known", "_own", "_found_again", "_left_to_others")

    def __init__(self, log: str, broker: Broker, known: KnownLog, own: Unconfirmed) -> None:
        self._log = log
        self._broker = broker
        self._known = known
        self._own = own
        self._found_again: set[bytes] = set()
        self._left_to_others = False

    def begin(self) -> None:
        """Forget what was found in earlier rounds; to be called when the log is read once more."""
        self._found_again.clear()

    def run(self, reply: Slice, done: Healed) -> None:
        """Heal a log that does not hold the known top; ``reply`` is what it answered instead."""
        ring = self._known.ring
        assert ring is not None
        compared = partial(self._on_compared, reply.fork, done)
        if reply.top is None:
            compared(None)
        else:
            Comparison(self._broker, self._log, ring, self._known.branch, compared).run()

    def put_back(self, missing: Lost, done: Done[int]) -> None:
        """Put back entries that this node appended, and that the log does not have."""
        self._broker.heal(self._log, missing, partial(self._on_put_back, missing, done))

    def _on_put_back(self, missing: Lost, done: Done[int], reply: int | Failure) -> None:
        if isinstance(reply, int) or reply is Fenced.GONE:
            # They are in the log, or the log has ended.
            self._own.confirm(missing.entries)
        done(reply)

    def _on_compared(self, fork: int, done: Healed, found: Found | None | Failure) -> None:
        """``fork`` is where the known branch and this one part, as far as the log says it, or 0."""
        if isinstance(found, Failure):
            done(found)
            return
        missing = self._all_known() if found is None else self._missing(found, fork)
        if missing is not None:
            ids = [entry.id for entry in missing.entries]
            if found is None and self._leaves_it_to_others(ids):
                done(Fenced.UNHEALED)
                return
            self._broker.heal(self._log, missing, partial(self._on_healed, ids, done))
        elif found is not None:
            done(found)

    def _all_known(self) -> Lost:
        """Return what is put back into a log that does not exist."""
        known, ring = self._known, self._known.ring
        assert ring is not None
        own = self._own.in_branch(ring.epoch, known.branch or ring.epoch).entries
        return Lost(ring.base, ring.base, known.branch, first_part(all_known(ring, own)))

    def _missing(self, found: Found, fork: int) -> Lost | None:
        known, ring = self._known, self._known.ring
        assert ring is not None
        # Own entries of another branch may be in the log that is there now.
        own = self._own.in_branch(ring.epoch, known.branch or ring.epoch).entries
        return lost(ring, known.branch, found, own, self._found_again, fork)

    def _leaves_it_to_others(self, ids: list[bytes]) -> bool:
        """Say whether other nodes, which may remember more of a lost log, put it back first.

        What comes before the beginning of a log counts as trimmed. So a node waits the longer, the
        less of a room it remembers; and an inbox of which it remembers nothing begins later,
        because the authors' nodes may remember directs. ``ids``: of the entries it would put back.
        """
        if not is_inbox(self._log):
            part = self._known.forgotten
            if not self._broker.unhealed(self._log, part):
                return False
            # The next tick or head poll may come after a node that remembers less, and waits but a
            # little longer.
            self._broker.look_again(self._log, part)
            return True
        if ids:
            return False
        waited, self._left_to_others = self._left_to_others, self._broker.unhealed(self._log)
        return waited or self._left_to_others

    def _on_healed(self, ids: list[bytes], done: Healed, reply: int | Failure) -> None:
        if reply == 0:
            # They were in the log, some perhaps only to be trimmed at once: reading the log does
            # not confirm those, and own ones would be put back again and again.
            self._found_again.update(ids)
            self._own.confirm_ids(ids)
        done(reply)
