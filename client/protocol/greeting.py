"""The hello of each connection: who the session is, and which rooms it asks for. Pure."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from client.protocol.names import fold
from client.protocol.read_state import ReadState
from wire.messages import Hello

HELLO = "hello"
"""The ``ref`` of every hello: its answers are told from those of other requests by it."""


class Identity(Struct, frozen=True):
    """The secret of a session, and the prefix of its messages' ids.

    Both are random, and apart: the ids are seen by everyone, the key by nobody.
    """

    key: str
    prefix: str = ""


class Greeting:
    """Makes hellos; ``rooms`` None leaves it to the node where a new session begins."""

    def __init__(
        self,
        identity: Identity,
        rooms: Sequence[str] | None,
        token: str | None,
        password: str | None,
    ) -> None:
        self.identity = identity
        self.password = password
        self._token = token
        self._attempt = 0
        # Rooms asked for and not yet answered, by their folded names; None: none were named.
        self._wanted = None if rooms is None else {fold(room): room for room in rooms}

    @property
    def is_answered(self) -> bool:
        """Whether a node has answered for each of the rooms asked for."""
        return not self._wanted

    def answered(self, room: str) -> None:
        """A room was entered or refused: it need not be asked for any more."""
        if self._wanted:
            self._wanted.pop(fold(room), None)

    def hello(
        self, nick: str | None, now_ms: int, read_state: ReadState, leaving: Collection[str]
    ) -> Hello:
        """Return a hello with all the rooms we are in, but for those that are being left.

        A session that resumes keeps its own rooms anyhow; one that had ended gets them back.
        ``leaving`` are folded names.
        """
        # A clock may have been set back; the node takes no attempt below the last one.
        self._attempt = max(self._attempt + 1, now_ms)
        rooms = [room for room in read_state.rooms if fold(room) not in leaving]
        known = {fold(room) for room in rooms}
        wanted = self._wanted or {}
        rooms += [
            room for name, room in wanted.items() if name not in known and name not in leaving
        ]
        nameless = self._wanted is None and not rooms and not read_state.were_entered
        return Hello(
            ref=HELLO,
            nick=nick,
            key=self.identity.key,
            attempt=self._attempt,
            rooms=None if nameless else rooms,
            positions=read_state.positions() or None,
            token=self._token,
            password=self.password,
        )
