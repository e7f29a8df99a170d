"""What this node knows of its sessions beyond what the core does, to put them back."""

from collections.abc import Callable
from typing import NamedTuple

from node.core.model import FencingToken


class Hold(NamedTuple):
    """A session whose connection is here: its owner, its life and its newest known generation.

    ``told`` is one that all its rooms know.
    """

    owner: str
    life: bytes
    gen: int
    told: int = 0


NOTHING = Hold("", b"", 0)


class Holds:
    """The holds of all sessions whose connections are here.

    ``coming``: those whose `hello` is under way; Redis may have them already, and the core does not
    know them. ``leaving``: those that are being ended or let go; the core may know them still.
    """

    def __init__(self) -> None:
        self.coming = set[FencingToken]()
        self.leaving = set[FencingToken]()
        self._of: dict[str, Hold] = {}
        self._ended = set[FencingToken]()
        self._ended_before = set[FencingToken]()
        self._absent: set[str] = set()

    def note(self, token: FencingToken, life: bytes, gen: int) -> None:
        """Take what a reply to a change says of a session."""
        told = self.get(token.session).told
        self._of[token.session] = Hold(token.owner, life, gen, told)

    def raised(self, token: FencingToken, gen: int) -> None:
        """Take a generation that a room made necessary, unless a newer one is known."""
        hold = self.get(token.session)
        if hold.owner == token.owner and hold.gen < gen:
            self._of[token.session] = hold._replace(gen=gen)

    def tell(self, token: FencingToken, gen: int) -> None:
        """Note that all rooms of a session know a generation."""
        hold = self.get(token.session)
        if hold.owner == token.owner:
            self._of[token.session] = hold._replace(told=gen)

    def told(self) -> list[tuple[str, int]]:
        """Return the sessions whose rooms know some generation, and which."""
        return [(session, hold.told) for session, hold in self._of.items() if hold.told]

    def get(self, session: str) -> Hold:
        """Return what is known of a session."""
        return self._of.get(session, NOTHING)

    def end(self, token: FencingToken, for_good: bool) -> None:
        """Forget a session that has left, unless another connection here has it.

        ``for_good``: the session has ended, and did not only lose its connection.
        """
        if for_good:
            self._ended.add(token)
        if self.get(token.session).owner == token.owner:
            del self._of[token.session]

    def has_ended(self, token: FencingToken) -> bool:
        """Say whether a session is known to have ended here not long ago."""
        return token in self._ended or token in self._ended_before

    def forget_ended(self) -> None:
        """Forget the sessions that had ended before the last call of this."""
        self._ended_before, self._ended = self._ended, set()

    def keep(self, is_here: Callable[[str], bool]) -> None:
        """Forget the sessions that are not here, if they were not at the last look either.

        Between the reply of Redis and the end of its hello a session is known only here.
        """
        absent = {session for session in self._of if not is_here(session)}
        for session in sorted(absent & self._absent):
            del self._of[session]
        self._absent = absent
