"""The session that a connection holds: what outlives the connection. Pure data."""

from collections.abc import Mapping

from node.core.entries import Cursor
from node.core.model import FencingToken, SessionSnapshot, SessionState
from node.core.names import names
from node.core.rooms.room import RoomMember


class Session:
    """Who a client is and where it is, as far as its node knows.

    ``token`` is what only the holder of the session has. ``fold`` lists every key that the nick
    reserves. ``keyed``: the client can continue the session, with a key of its own. ``attempt`` and
    ``claim`` number its hellos, as the client and the broker count them. ``inbox_from`` is how far
    the client has read its inbox, as it says itself.
    """

    __slots__ = (
        *("token", "nick", "fold", "keyed", "attempt", "claim", "rooms", "inbox", "inbox_from"),
    )

    def __init__(self) -> None:
        self.token = FencingToken("", "")
        self.nick = ""
        self.fold = ""
        self.keyed = False
        self.attempt: int | None = None
        self.claim = 0
        self.rooms: dict[str, RoomMember] = {}
        self.inbox: RoomMember | None = None
        self.inbox_from: Cursor | None = None

    # A hello

    def greet(self, keyed: bool, attempt: int | None, fold: str) -> None:
        """The broker is asked for the session, with a nick that reserves ``fold``."""
        self.keyed, self.attempt, self.fold = keyed, attempt, fold

    def begin(self, token: FencingToken, nick: str, claim: int) -> None:
        """The broker has given the session to this connection."""
        self.token, self.nick, self.claim = token, nick, claim
        self.fold = names.claims(nick)

    def take(self, token: FencingToken, births: Mapping[str, bytes]) -> None:
        """The session was put back, under another token, into rooms of these births."""
        self.token = token
        for name, member in self.rooms.items():
            member.place(births.get(name, member.birth))

    def rename(self, nick: str, fold: str) -> None:
        """The session has another nick, which reserves ``fold``."""
        self.nick, self.fold = nick, fold

    # Rooms

    def enter(self, room: str, member: RoomMember) -> None:
        """The session is in a room."""
        self.rooms[room] = member

    def leave(self, room: str) -> None:
        """The session is not in a room any more."""
        self.rooms.pop(room, None)

    def resume_inbox(self, cursor: Cursor | None) -> None:
        """The client says how far it has read its inbox."""
        self.inbox_from = cursor

    def follow_inbox(self, member: RoomMember) -> None:
        """The session has an inbox here."""
        self.inbox = member

    def members(self) -> list[RoomMember]:
        """Return the session's memberships, that of its inbox too."""
        found = list(self.rooms.values())
        if self.inbox is not None:
            found.append(self.inbox)
        return found

    def clear(self) -> None:
        """The session is in no room of this node any more."""
        self.rooms.clear()
        self.inbox = None

    # What the broker may have forgotten

    def snapshot(self, owner: str, is_settled: bool = True) -> SessionSnapshot:
        """Return what the broker needs to put the session back, under a token of ``owner``."""
        return SessionSnapshot(
            FencingToken(self.token.session, owner),
            self.token.owner,
            self.keyed,
            self.nick,
            self.fold,
            self.attempt,
            self.claim,
            [
                (name, member.joined, member.birth)
                for name, member in self.rooms.items()
                if member.done is None
            ],
            is_settled,
        )

    def agrees(self, snapshot: SessionSnapshot) -> bool:
        """Say whether a snapshot is still what would be put back."""
        now = self.snapshot(snapshot.token.owner)
        places, those = ({room[:2] for room in each.rooms} for each in (now, snapshot))
        return (now.nick, places) == (snapshot.nick, those)

    def missing_in(self, state: SessionState) -> list[RoomMember]:
        """Return the places in rooms that the broker does not have, except those being left."""
        there = {membership.room for membership in state.memberships}
        rooms = self.rooms.items()
        return [one for name, one in rooms if name not in there and not one.is_leaving]
