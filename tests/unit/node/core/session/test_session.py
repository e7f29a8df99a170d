"""What outlives a connection: who the client is, and where."""

from node.core.model import FencingToken, SessionState
from node.core.rooms.room import RoomMember
from node.core.session.session import Session
from tests.unit.node.core.fakes import BIRTH, RoomBench, at, membership

TOKEN = FencingToken("s1", "inc.1")


def member(offset: int = 1) -> RoomMember:
    """Return a member of some room, which joined at an offset."""
    return RoomBench().member(at(offset))


def session() -> Session:
    """Return a session that has begun, and is in two rooms."""
    made = Session()
    made.greet(True, 7, "ana")
    made.begin(TOKEN, "Ana", 3)
    made.enter("tea", member(1))
    made.enter("milk", member(5))
    return made


def test_a_session_that_begins_reserves_the_keys_of_the_nick_that_it_got() -> None:
    made = Session()
    made.greet(True, None, "other")
    made.begin(TOKEN, "Ana", 3)
    assert (made.token, made.nick, made.fold, made.claim) == (TOKEN, "Ana", "ana", 3)


def test_a_snapshot_is_what_the_broker_needs_under_another_token() -> None:
    snapshot = session().snapshot("inc.2")
    assert (snapshot.token, snapshot.was) == (FencingToken("s1", "inc.2"), "inc.1")
    assert (snapshot.keyed, snapshot.nick, snapshot.fold) == (True, "Ana", "ana")
    assert (snapshot.attempt, snapshot.claim) == (7, 3)
    assert snapshot.rooms == [("tea", str(at(1)), BIRTH), ("milk", str(at(5)), BIRTH)]


def test_a_room_that_is_being_left_is_not_put_back() -> None:
    made = session()
    made.rooms["tea"].done = lambda: None
    assert made.snapshot("inc.2").rooms == [("milk", str(at(5)), BIRTH)]


def test_a_snapshot_agrees_until_the_nick_or_a_room_changes() -> None:
    made = session()
    snapshot = made.snapshot("inc.2")
    assert made.agrees(snapshot)
    made.take(snapshot.token, {"milk": b"b2"})
    assert made.agrees(snapshot)
    made.rename("bo", "bo")
    assert not made.agrees(snapshot)
    made.rename("Ana", "ana")
    made.leave("tea")
    assert not made.agrees(snapshot)


def test_rooms_that_the_broker_does_not_have_are_missing_unless_they_are_being_left() -> None:
    made = session()
    assert made.missing_in(SessionState("Ana", 17, [membership("tea")])) == [made.rooms["milk"]]
    made.rooms["milk"].leave(at(9), None)
    assert made.missing_in(SessionState("Ana", 17, [membership("tea")])) == []


def test_the_inbox_is_a_membership_without_being_a_room() -> None:
    made, inbox = session(), member()
    made.follow_inbox(inbox)
    assert made.members() == [*made.rooms.values(), inbox]
    assert [room for room, *_ in made.snapshot("inc.2").rooms] == ["tea", "milk"]


def test_a_session_that_is_cleared_is_nowhere() -> None:
    made = session()
    made.follow_inbox(member())
    made.clear()
    assert made.members() == [] and made.nick == "Ana"
