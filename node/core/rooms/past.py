"""The branches that a log has lost, as far as live members saw them."""

from typing import NamedTuple

from node.core.entries import Entry, SeenBranch

BRANCHES = 4
"""Lost branches of a log that are remembered. An entry of them that is put back late is not
delivered a second time."""


class Missed(NamedTuple):
    """The entries between two offsets of a branch, which live members have not got.

    They were trimmed before this node read them, and the members got a gap.
    """

    branch: bytes
    after: int
    before: int

    def includes(self, entry: Entry) -> bool:
        """Say whether an entry that was put back was one of them."""
        return any(
            original.branch == self.branch and self.after < original.offset < self.before
            for original in entry.original_positions
        )


class Past(NamedTuple):
    """What the live members of a log have seen of the branches that it lost."""

    seen: tuple[SeenBranch, ...] = ()
    missed: tuple[Missed, ...] = ()

    def with_seen(self, branch: SeenBranch) -> "Past":
        """Return this with one more branch."""
        return self._replace(seen=(*self.seen, branch)[-BRANCHES:])

    def with_missed(self, missed: Missed) -> "Past":
        """Return this with more entries that the members have not got."""
        return self._replace(missed=(*self.missed, missed)[-BRANCHES:])

    def since(self, past: "Past") -> "Past":
        """Return what members have seen that were live only after ``past``."""
        return self._replace(seen=tuple(each for each in self.seen if each not in past.seen))

    def includes(self, entry: Entry) -> bool:
        """Say whether the members have got an entry in a branch that was lost."""
        if any(gap.includes(entry) for gap in self.missed):
            return False
        return any(seen.includes(entry) for seen in self.seen)


NOTHING = Past()
