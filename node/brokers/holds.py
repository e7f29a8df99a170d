"""What this node knows of its sessions beyond what the core does, to put them back."""

from collections.abc import Callable
from typing import NamedTuple

from node.core.model import FencingToken


class Hold(NamedTuple):
    """A session whose connection is here: its owner, its life and its newest known generation."""

    owner: str
    life: bytes
    gen: int


NOTHING = Hold("", b"", 0)


class Holds:
    """The holds of all sessions whose connections are here."""

    def __init__(self) -> None:
        self._of: dict[str, Hold] = {}

    def note(self, token: FencingToken, life: bytes, gen: int) -> None:
        """Take what a reply to a change says of a session."""
        self._of[token.session] = Hold(token.owner, life, gen)

    def rise(self, session: str, owner: str, gen: int) -> None:
        """Note that a room knew of a later generation, above which the session is now."""
        hold = self.get(session)
        if hold.owner == owner and hold.gen < gen:
            self._of[session] = hold._replace(gen=gen)

    def get(self, session: str) -> Hold:
        """Return what is known of a session."""
        return self._of.get(session, NOTHING)

    def end(self, token: FencingToken) -> None:
        """Forget a session that has left, unless another connection here has it."""
        if self.get(token.session).owner == token.owner:
            del self._of[token.session]

    def keep(self, is_here: Callable[[str], bool]) -> None:
        """Forget the sessions that are not here any more."""
        self._of = {session: hold for session, hold in self._of.items() if is_here(session)}
