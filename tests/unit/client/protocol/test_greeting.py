"""What the hello of each connection says."""

from client.protocol.greeting import HELLO, Greeting, Identity
from client.protocol.read_state import ReadState
from tests.support.scripted import joined

IDENTITY = Identity("k" * 32)


def greeting(*rooms: str) -> Greeting:
    """A greeting that asks for rooms."""
    return Greeting(IDENTITY, rooms, "a token", "a password")


def test_a_hello_has_the_identity_the_rooms_and_the_positions() -> None:
    hello = greeting("lab").hello("ana", 5, ReadState({"lab": "p1"}), ())
    assert (hello.ref, hello.nick, hello.key, hello.attempt) == (HELLO, "ana", "k" * 32, 5)
    assert (hello.rooms, hello.positions) == (["lab"], {"lab": "p1"})
    assert (hello.token, hello.password) == ("a token", "a password")


def test_attempts_grow_even_where_the_clock_does_not() -> None:
    made = greeting()
    found = [made.hello("ana", now, ReadState({}), ()).attempt for now in (7, 7, 3, 20)]
    assert found == [7, 8, 9, 20]


def test_without_rooms_the_node_chooses_until_one_was_entered() -> None:
    state = ReadState({})
    made = Greeting(IDENTITY, None, None, None)
    assert made.hello("ana", 0, state, ()).rooms is None
    state.enter(joined("general"))
    state.leave("general")
    assert made.hello("ana", 0, state, ()).rooms == []


def test_rooms_are_asked_for_once_whatever_their_spelling_and_not_when_left() -> None:
    state = ReadState({})
    made = greeting("LAB", "ops", "tea")
    assert not made.is_answered
    state.enter(joined("lab"))
    assert made.hello("ana", 0, state, {"tea"}).rooms == ["lab", "ops"]
    for room in ("lab", "Ops", "tea"):
        made.answered(room)
    assert made.is_answered
