"""Makes the hello of each connection: identity, rooms and positions. Pure."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from client.protocol.names import fold
from client.protocol.read_state import ReadState
from wire.messages import Hello

HELLO = "hello"
"""The ``ref`` of every hello: it marks the answers to a hello."""


class Identity(Struct, frozen=True):
    """The secret of a session, and the prefix of its messages' ids.

    Both are random, and apart: the ids are seen by everyone, the key by nobody.
    """

    key: str
    prefix: str = ""


class Greeting:
    """Makes hellos; with ``rooms`` None the node chooses the room of a new session."""

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
        """Note that a room was joined or refused: later hellos need not ask for it."""
        if self._wanted:
            self._wanted.pop(fold(room), None)

    def hello(
        self, nick: str | None, now_ms: int, read_state: ReadState, leaving: Collection[str]
    ) -> Hello:
        """Return a hello with all our rooms, except those that are being left.

        A resumed session keeps its rooms anyway; a session that had ended gets them back.
        ``leaving`` are folded names.
        """
        # The clock may have been set back; the node accepts no attempt below the last one.
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
