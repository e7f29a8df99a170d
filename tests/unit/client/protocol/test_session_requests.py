"""How a session sends messages and requests, and settles them."""

from client.protocol.errors import UNKNOWN
from tests.support.scripted import refused, welcome
from tests.unit.client.protocol.sessions import fresh, live, reconnect, say, texts_of
from wire import limits
from wire import messages as m


class TestMessages:
    """The outbox over connections."""

    def test_a_message_gets_an_id_of_its_own(self) -> None:
        session = live()
        ids = {session.post(m.Send(room="general", text="x")) for _ in range(5)}
        assert len(ids) == 5 and all(id.startswith("x-") for id in ids)

    def test_directs_and_sends_share_one_row_of_ids_and_one_order(self) -> None:
        session = live()
        first = session.post(m.Send(room="general", text="1"))
        second = session.post(m.SendDirect(to="bo", text="2"))
        assert texts_of(session.wake(0.0).write) == ["1"]
        effect = session.take(m.Ack(id=first, position="p", at=1, room="general"), 0.0)
        assert texts_of(effect.write) == ["2"] and effect.settled == first != second

    def test_nothing_is_written_before_the_welcome(self) -> None:
        session = fresh()
        assert say(session, "early") == ()
        session.connected(1)
        assert session.wake(0.0).write == ()
        assert texts_of(session.take(welcome(), 0.0).write) == ["early"]

    def test_unacknowledged_messages_are_resent_with_the_same_id(self) -> None:
        session = live()
        (first,) = say(session, "one")
        say(session, "two")
        assert isinstance(first, m.Send)
        (again,) = reconnect(session)
        assert again == first
        effect = session.take(m.Ack(id=first.id or "", position="p", at=1), 0.0)
        assert texts_of(effect.write) == ["two"]

    def test_a_temporary_refusal_is_not_shown_and_keeps_the_order(self) -> None:
        session = live()
        (first,) = say(session, "one", 10.0)
        assert isinstance(first, m.Send)
        say(session, "two", 10.0)
        effect = session.take(refused("rate-limited", id=first.id, after=2000), 10.0)
        assert (effect.show, effect.settled, effect.write) == (False, None, ())
        assert session.wake_at == 12.0
        assert session.wake(11.9).write == ()
        assert texts_of(session.wake(12.0).write) == ["one"]

    def test_a_final_refusal_is_shown_and_the_next_message_is_sent(self) -> None:
        session = live()
        (first,) = say(session, "one")
        assert isinstance(first, m.Send)
        say(session, "two")
        effect = session.take(refused("not-in-room", id=first.id, room="general"), 0.0)
        assert effect.show and effect.settled == first.id
        assert texts_of(effect.write) == ["two"]

    def test_the_hold_outlives_the_connection(self) -> None:
        session = live()
        (first,) = say(session, "one", 10.0)
        assert isinstance(first, m.Send)
        session.take(refused("rate-limited", id=first.id, after=2000), 10.0)
        assert reconnect(session, 10.5) == []
        assert texts_of(session.wake(12.0).write) == ["one"]

    def test_a_message_too_old_to_repeat_becomes_an_error(self) -> None:
        session = live()
        (first,) = say(session, "one", 0.0)
        assert isinstance(first, m.Send)
        say(session, "two", 0.0)
        session.disconnected()
        session.connected(1)
        effect = session.take(welcome(), limits.REPEAT_WITHIN)
        assert [(doubt.code, doubt.id) for doubt in effect.doubts] == [(UNKNOWN, first.id)]
        assert texts_of(effect.write) == ["two"]

    def test_a_node_that_has_not_acknowledged_owes_an_answer(self) -> None:
        session = live()
        assert not session.is_owed
        say(session, "one")
        assert session.is_owed


class TestRequests:
    """Requests that are no messages."""

    def test_an_answer_settles_its_request(self) -> None:
        session = live()
        ref, write = session.ask(m.ListRooms())
        assert write == (m.ListRooms(ref=ref),) and session.is_owed
        effect = session.take(m.Rooms(ref=ref, rooms=[], more=False), 0.0)
        assert effect.settled == ref and effect.show and not session.is_owed

    def test_an_error_settles_it_too(self) -> None:
        session = live()
        ref, _ = session.ask(m.Join(room="nowhere"))
        effect = session.take(refused("no-such-room", ref=ref, room="nowhere"), 0.0)
        assert effect.settled == ref and effect.show

    def test_an_answer_without_a_request_settles_nothing(self) -> None:
        assert live().take(m.Rooms(ref="?", rooms=[], more=False), 0.0).settled is None

    def test_unanswered_requests_are_repeated_before_messages(self) -> None:
        session = live()
        session.disconnected()
        ref, write = session.ask(m.Join(room="lab"))
        assert write == ()
        say(session, "hello lab")
        session.connected(2)
        asked, said = session.take(welcome(), 0.0).write
        assert asked == m.Join(room="lab", ref=ref)
        assert isinstance(said, m.Send)

    def test_a_leave_that_was_done_before_the_answer_was_lost_counts_as_done(self) -> None:
        session = live("lab", "ops")
        ref, _ = session.ask(m.Leave(room="lab"))
        reconnect(session)
        effect = session.take(refused("not-in-room", ref=ref, room="lab"), 0.0)
        assert effect.settled == ref
        assert session.read_state.rooms == ["ops"]
