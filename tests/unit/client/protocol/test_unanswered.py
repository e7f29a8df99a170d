"""Which requests wait for an answer."""

from client.protocol.unanswered import Unanswered
from wire import messages as m


def test_a_request_waits_under_its_ref_until_it_is_answered() -> None:
    unanswered = Unanswered()
    request = m.ListRooms()
    assert unanswered.add("ask-1", request) and request.ref == "ask-1"
    assert unanswered.get("ask-1") is request and unanswered.all() == (request,)
    answer = m.Rooms(ref="ask-1", rooms=[], more=False)
    assert unanswered.settle(answer) == "ask-1"
    assert unanswered.settle(answer) is None and not unanswered


def test_an_event_that_answers_nothing_settles_nothing() -> None:
    unanswered = Unanswered()
    unanswered.add("ask-1", m.ListRooms())
    assert unanswered.settle(m.PongEvent()) is None
    assert unanswered.settle(m.PongEvent(ref="hello")) is None
    assert unanswered.get(None) is None and len(unanswered) == 1


def test_requests_during_a_handover_are_held_back() -> None:
    unanswered = Unanswered()
    unanswered.add("ask-1", m.ListRooms())
    unanswered.hold()
    late = m.Create(room="lab")
    assert not unanswered.add("ask-2", late)
    assert len(unanswered) == 2
    assert unanswered.release() == (late,) and unanswered.release() == ()
    assert unanswered.add("ask-3", m.ListRooms())


def test_rooms_that_are_being_left_are_known_in_any_spelling() -> None:
    unanswered = Unanswered()
    unanswered.add("ask-1", m.Leave(room="LAB"))
    unanswered.add("ask-2", m.Join(room="ops"))
    assert unanswered.rooms_being_left() == {"lab"}
