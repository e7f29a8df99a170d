"""A session that is given back as Redis has it may be in fewer rooms than its node believes.

While its node was cut off, the session ended, and Redis went back to before that. Another node put
the `left` of the session in one of its rooms back, and so took it out of that room.
"""

import pytest

from node.core.model import Fenced, Membership, Renaming, Restored, SessionState, Unavailable
from tests.unit.node.core.fakes import Client, HubBench, membership
from wire import messages as m


def in_rooms(*rooms: str) -> Restored:
    """Return that a session is back, and in some rooms."""
    return Restored({room: b"n0" for room in rooms})


def given_back(*rooms: str) -> tuple[HubBench, Client]:
    """Return a client in two rooms, whose session is given back as Redis has it: in some.

    If none are named, the broker does not say that it is in `tea`.
    """
    bench = HubBench()
    client = bench.welcome(rooms=("general", "tea"))
    bench.events.forgotten(lost=False)
    bench.broker.answer("restore", in_rooms(*(rooms or ("general",))))
    return bench, client


def stands(bench: HubBench, *rooms: str) -> None:
    """Answer that the session is in some rooms."""
    found: list[Membership] = [membership(room) for room in rooms]
    bench.broker.answer("standing", SessionState("ana", 17, found))


def test_a_session_that_was_taken_out_of_a_room_comes_back_to_enter_it() -> None:
    bench, client = given_back()
    stands(bench, "general")
    stands(bench, "general")
    assert client.hears() == ["bye cut-off"]
    token, quit = bench.broker.take("part").args
    assert token == client.session.token and not quit, "it waits for its client"
    assert bench.broker.calls == []


def test_a_session_that_is_in_all_its_rooms_goes_on() -> None:
    bench, client = given_back("tea", "general")
    assert client.hears() == [] and bench.broker.calls == [], "nothing is to be asked"


def test_a_session_that_turns_out_to_be_in_all_its_rooms_goes_on() -> None:
    bench, client = given_back()
    stands(bench, "tea", "general")
    assert client.hears() == [] and bench.broker.calls == []


def test_the_session_goes_on_while_the_broker_is_asked_for_its_rooms() -> None:
    bench, client = given_back()
    client.says(m.Send(room="tea", text="hi"))
    assert bench.broker.names() == ["standing", "publish"]


def test_a_room_that_a_moderator_has_just_closed_is_no_reason() -> None:
    bench, client = given_back()
    stands(bench, "general")
    client.session.leave("tea")  # The node has read the rules by now.
    stands(bench, "general")
    assert client.hears() == [] and bench.broker.calls == []


def test_a_room_that_the_client_is_leaving_is_no_reason() -> None:
    bench, client = given_back()
    client.says(m.Leave(room="tea"))
    stands(bench, "general")
    stands(bench, "general")
    assert client.hears() == [], "it may have left"
    bench.broker.answer("leave", None)
    stands(bench, "general")
    assert client.hears() == ["left ana"] and bench.broker.calls == []


def test_a_nick_that_is_being_taken_does_not_hide_a_room_that_is_missing() -> None:
    """Meanwhile nothing is delivered in any room, as if the client were leaving."""
    bench, client = given_back()
    client.says(m.SetNick(nick="bo"))
    stands(bench, "general")
    stands(bench, "general")
    assert client.hears() == []
    bench.broker.answer("rename", Renaming("ana", 17))
    stands(bench, "general")
    assert client.hears() == ["renamed", "bye cut-off"]


def test_the_broker_is_asked_for_the_rooms_until_it_answers() -> None:
    bench, client = given_back()
    for _ in range(3):
        bench.broker.answer("standing", Unavailable.UNREACHABLE)
    stands(bench, "general", "tea")
    assert client.hears() == [] and bench.broker.calls == []


@pytest.mark.parametrize("reply", [Fenced.GONE, Unavailable.INTERNAL])
def test_rooms_that_cannot_be_known_are_no_reason(reply: Fenced | Unavailable) -> None:
    """If the session is not here any more, its next request or the next renewal finds that out."""
    bench, client = given_back()
    bench.broker.answer("standing", reply)
    assert client.hears() == [] and bench.broker.calls == []


def test_what_is_said_of_an_older_token_does_not_count() -> None:
    bench, client = given_back()
    bench.events.forgotten(lost=True)
    bench.broker.answer("restore", in_rooms("general"))
    stands(bench, "general")
    assert client.hears() == [] and bench.broker.calls == []


def test_the_rooms_of_a_connection_that_is_over_do_not_matter() -> None:
    bench, client = given_back()
    client.connection.closed()
    bench.broker.take("part")
    stands(bench)
    assert bench.broker.calls == []


def test_a_session_that_redis_forgot_is_put_back_with_its_rooms_and_not_compared() -> None:
    bench = HubBench()
    bench.welcome(rooms=("general", "tea"))
    bench.events.forgotten(lost=True)
    bench.broker.answer("restore", in_rooms("general"))
    assert bench.broker.calls == []
