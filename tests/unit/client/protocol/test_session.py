"""A session over many connections: what it says, what it asks again, and what it shows."""

import pytest

from client.protocol.errors import UNKNOWN
from client.protocol.greeting import HELLO, Identity
from client.protocol.session import Session, State
from tests.support.scripted import joined, message, refused, welcome
from wire import limits
from wire import messages as m
from wire.errors import REASONS


def fresh(*rooms: str, nick: str = "ana", token: str | None = None) -> Session:
    """A session that never was connected; without rooms it leaves them to the node."""
    return Session(Identity("k" * 32, "x-"), nick=nick, rooms=rooms or None, token=token)


def live(*rooms: str) -> Session:
    """A session that is in its rooms."""
    session = fresh(*rooms)
    session.connected(1)
    session.take(welcome(), 0.0)
    for room in rooms or ("general",):
        session.take(joined(room, f"{room}-0"), 0.0)
    return session


def reconnect(session: Session, now: float = 0.0, *, resumed: bool = True) -> list[m.Request]:
    """Lose the connection, and be welcomed by another node; return what is written then."""
    session.disconnected()
    session.connected(1)
    return list(session.take(welcome(resumed=resumed, node="node-2"), now).write)


def say(session: Session, text: str, now: float = 0.0) -> tuple[m.Request, ...]:
    """Say something; return what is written at once."""
    session.post(m.Send(room="general", text=text))
    return session.wake(now).write


def texts_of(requests: list[m.Request] | tuple[m.Request, ...]) -> list[str]:
    """Return the texts of messages."""
    return [request.text for request in requests if isinstance(request, (m.Send, m.SendDirect))]


class TestHello:
    """What is said first on each connection."""

    def test_the_first_one_leaves_the_rooms_to_the_node_when_none_are_named(self) -> None:
        assert fresh().connected(5) == m.Hello(ref=HELLO, nick="ana", key="k" * 32, attempt=5)

    def test_the_first_one_names_the_rooms_asked_for_and_the_token(self) -> None:
        hello = fresh("lab", "Ops", token="secret").connected(5)
        assert hello.rooms == ["lab", "Ops"]
        assert hello.token == "secret"

    def test_a_password_is_shown_and_goes_with_a_change_of_nick(self) -> None:
        session = Session(Identity("k" * 32), nick="ana", password="sesame")
        assert session.connected(1).password == "sesame"
        session.ask(change := m.SetNick(nick="bo"))
        assert change.password == "sesame"

    def test_no_rooms_at_all_is_not_the_same_as_no_choice(self) -> None:
        session = Session(Identity("k" * 32), nick="ana", rooms=[])
        assert session.connected(1).rooms == []

    def test_attempts_rise_even_when_the_clock_goes_back(self) -> None:
        session = fresh()
        attempts = [session.connected(now).attempt for now in (100, 50, 101, 101, 900)]
        assert attempts == [100, 101, 102, 103, 900]

    def test_a_later_one_names_all_rooms_and_positions(self) -> None:
        session = live("lab", "ops")
        session.take(message("hi", "lab-1", room="lab"), 0.0)
        session.take(direct("psst", "d1"), 0.0)
        session.disconnected()
        hello = session.connected(9)
        assert hello.rooms == ["lab", "ops"]
        assert hello.positions == {"lab": "lab-1", "ops": "ops-0", "@": "d1"}
        assert hello.key == "k" * 32

    def test_a_hello_whose_answer_was_lost_is_said_again_as_it_was(self) -> None:
        session = fresh("lab")
        session.connected(1)
        session.disconnected()
        assert session.connected(2).rooms == ["lab"]
        session.take(welcome(), 0.0)
        session.disconnected()
        assert session.connected(3).rooms == ["lab"]

    def test_a_room_answered_by_another_spelling_is_named_once(self) -> None:
        session = fresh("\uff27eneral")
        session.connected(1)
        session.take(welcome(), 0.0)
        assert not session.is_ready
        session.take(joined("general"), 0.0)
        assert session.is_ready
        session.disconnected()
        assert session.connected(2).rooms == ["general"]

    def test_a_room_that_was_joined_later_is_named_and_one_left_is_not(self) -> None:
        session = live("lab", "ops")
        ref, _ = session.ask(m.Leave(room="lab"))
        session.take(left("lab", "ana", ref=ref), 0.0)
        session.take(joined("new", "n0", ref="x"), 0.0)
        session.disconnected()
        hello = session.connected(2)
        assert hello.rooms == ["ops", "new"]
        assert hello.positions == {"ops": "ops-0", "new": "n0"}

    def test_a_room_one_is_about_to_leave_is_not_named(self) -> None:
        session = live("lab", "ops")
        session.ask(m.Leave(room="Lab"))
        session.disconnected()
        assert session.connected(2).rooms == ["ops"]

    def test_who_left_all_rooms_comes_back_to_none(self) -> None:
        session = live()
        ref, _ = session.ask(m.Leave(room="general"))
        session.take(left("general", "ana", ref=ref), 0.0)
        session.disconnected()
        assert session.connected(2).rooms == []

    def test_it_carries_the_nick_the_system_gave(self) -> None:
        session = live()
        session.take(m.Renamed(ref="x", nick="Ana2", from_="ana", at=1), 0.0)
        session.disconnected()
        assert session.connected(2).nick == "Ana2"


def direct(text: str, position: str) -> m.Direct:
    """A direct from bo."""
    return m.Direct(position=position, at=1, from_="bo", to="ana", text=text)


def left(room: str, nick: str, *, ref: str | None = None, reason: str = "left") -> m.Left:
    """A left."""
    return m.Left(ref=ref, room=room, nick=nick, reason=reason, position=f"{room}-l-{nick}", at=1)


class TestRefusedHello:
    """What becomes of a hello that fails."""

    @pytest.mark.parametrize("code", ["nick-taken", "bad-nick", "bad-token", "bad-request"])
    def test_some_trouble_does_not_pass_by_itself(self, code: str) -> None:
        session = fresh()
        session.connected(1)
        disconnect = session.take(refused(code, ref=HELLO), 0.0).disconnect
        assert disconnect and not disconnect.reconnect
        assert disconnect.refusal and disconnect.refusal.code == code

    def test_without_the_broker_one_comes_back_when_the_node_says(self) -> None:
        session = fresh()
        session.connected(1)
        disconnect = session.take(refused("unavailable", ref=HELLO, after=1500), 0.0).disconnect
        assert disconnect and disconnect.reconnect and disconnect.after == 1.5

    def test_an_error_without_ref_is_the_hellos_too(self) -> None:
        session = fresh()
        session.connected(1)
        assert session.take(refused("bad-token"), 0.0).disconnect

    def test_a_room_that_is_not_possible_is_given_up_and_the_others_go_on(self) -> None:
        session = fresh("no good", "lab")
        session.connected(1)
        session.take(welcome(), 0.0)
        effect = session.take(refused("bad-room", ref=HELLO, room="no good"), 0.0)
        assert effect.disconnect is None and effect.show
        session.take(joined("lab"), 0.0)
        assert session.is_ready
        session.disconnected()
        assert session.connected(2).rooms == ["lab"]

    def test_a_room_that_is_not_possible_for_now_is_worth_another_hello(self) -> None:
        session = live("lab")
        reconnect(session)
        error = refused("unavailable", ref=HELLO, room="lab", after=300)
        disconnect = session.take(error, 0.0).disconnect
        assert disconnect and disconnect.reconnect and disconnect.after == 0.3
        session.disconnected()
        hello = session.connected(3)
        assert hello.rooms == ["lab"] and hello.positions == {"lab": "lab-0"}


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

    def test_what_is_not_acknowledged_is_sent_again_with_the_same_id(self) -> None:
        session = live()
        (first,) = say(session, "one")
        say(session, "two")
        assert isinstance(first, m.Send)
        (again,) = reconnect(session)
        assert again == first
        effect = session.take(m.Ack(id=first.id or "", position="p", at=1), 0.0)
        assert texts_of(effect.write) == ["two"]

    def test_a_refusal_for_a_while_is_nobodys_news_and_keeps_the_order(self) -> None:
        session = live()
        (first,) = say(session, "one", 10.0)
        assert isinstance(first, m.Send)
        say(session, "two", 10.0)
        effect = session.take(refused("rate-limited", id=first.id, after=2000), 10.0)
        assert (effect.show, effect.settled, effect.write) == (False, None, ())
        assert session.wake_at == 12.0
        assert session.wake(11.9).write == ()
        assert texts_of(session.wake(12.0).write) == ["one"]

    def test_a_final_refusal_is_news_and_lets_the_next_one_go(self) -> None:
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

    def test_what_can_no_longer_be_repeated_safely_becomes_an_error(self) -> None:
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

    def test_an_answer_to_nobodys_question_settles_nothing(self) -> None:
        assert live().take(m.Rooms(ref="?", rooms=[], more=False), 0.0).settled is None

    def test_what_was_not_answered_is_asked_again_before_messages_follow(self) -> None:
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


class TestEntries:
    """What is delivered."""

    def test_an_entry_is_shown_once(self) -> None:
        session = live()
        assert session.take(message("hi", "p1"), 0.0).show
        assert not session.take(message("hi", "p1"), 0.0).show
        reconnect(session)
        assert not session.take(message("hi", "p1"), 0.0).show

    def test_ones_own_ack_does_not_count_as_read(self) -> None:
        session = live()
        (sent,) = say(session, "one")
        assert isinstance(sent, m.Send)
        session.take(m.Ack(id=sent.id or "", position="p9", at=1, room="general"), 0.0)
        assert session.read_state.positions() == {"general": "general-0"}
        assert session.take(message("one", "p9", from_="ana", id=sent.id), 0.0).show

    def test_a_gap_is_shown_and_not_stored(self) -> None:
        session = live()
        assert session.take(m.Gap(room="general", after="general-0", position="p7"), 0.0).show
        assert session.read_state.positions() == {"general": "general-0"}

    def test_history_is_shown_and_not_stored(self) -> None:
        session = live()
        past = m.Past(room="general", position="p3", at=1, from_="bo", text="old")
        page = m.History(room="general", messages=[past], more=False)
        assert session.take(page, 0.0).show
        assert session.read_state.positions() == {"general": "general-0"}

    def test_entered_left_and_renamed_move_the_position(self) -> None:
        session = live()
        session.take(m.Entered(room="general", position="p1", at=1, nick="bo"), 0.0)
        assert session.read_state.positions()["general"] == "p1"
        renamed = m.Renamed(room="general", position="p2", at=1, nick="bob", from_="bo")
        assert session.take(renamed, 0.0).show
        assert session.read_state.positions()["general"] == "p2"
        assert session.take(left("general", "bob"), 0.0).show
        assert session.read_state.positions()["general"] == "general-l-bob"

    def test_the_end_of_ones_own_old_session_is_not_taken_for_leaving(self) -> None:
        session = live()
        reconnect(session, resumed=False)
        session.take(joined("general", "general-0"), 0.0)
        session.take(left("general", "ana", reason="lost"), 0.0)
        session.take(m.Entered(room="general", position="p8", at=1, nick="ana"), 0.0)
        assert session.read_state.rooms == ["general"]
        assert session.read_state.positions() == {"general": "p8"}

    def test_being_kicked_from_a_room_is_leaving_it(self) -> None:
        session = live("lab", "ops")
        session.take(left("lab", "ana", reason="kicked"), 0.0)
        assert session.read_state.rooms == ["ops"]

    def test_leaving_a_quiet_room_has_no_position(self) -> None:
        session = live()
        ref, _ = session.ask(m.Leave(room="general"))
        event = m.Left(ref=ref, room="general", nick="ana", reason="left")
        assert session.take(event, 0.0).show
        assert session.read_state.rooms == []

    def test_in_a_quiet_room_the_leave_of_a_stranger_is_read_and_not_shown(self) -> None:
        session = live()
        session.take(joined("hall", "h0", quiet=True), 0.0)
        assert not session.take(left("hall", "bo"), 0.0).show
        assert session.read_state.positions()["hall"] == "hall-l-bo"

    def test_someone_elses_name_change_is_not_ones_own(self) -> None:
        session = live()
        renamed = m.Renamed(room="general", position="p2", at=1, nick="x", from_="ana")
        session.take(renamed, 0.0)
        assert session.nick == "ana"


class TestStates:
    """What may come when."""

    def test_a_ping_is_answered_at_any_time_with_its_ref(self) -> None:
        session = fresh()
        session.connected(1)
        effect = session.take(m.PingEvent(ref="7"), 0.0)
        assert effect.write == (m.Pong(ref="7"),) and not effect.show
        assert live().take(m.PingEvent(), 0.0).write == (m.Pong(),)

    @pytest.mark.parametrize("reason", REASONS)
    def test_a_goodbye_with_a_time_is_for_a_while(self, reason: str) -> None:
        session = live()
        disconnect = session.take(m.Bye(reason=reason, retry_after_ms=250), 0.0).disconnect
        assert disconnect and disconnect.reconnect and disconnect.after == 0.25
        session.disconnected()
        assert session.state is State.AWAY

    @pytest.mark.parametrize("reason", [*REASONS, "something-new"])
    def test_a_goodbye_without_one_is_for_good(self, reason: str) -> None:
        session = live()
        disconnect = session.take(m.Bye(reason=reason), 0.0).disconnect
        assert disconnect and not disconnect.reconnect and disconnect.reason == reason
        session.disconnected()
        assert session.state is State.OVER
        assert session.take(message("late"), 0.0).show is False

    def test_entries_before_the_welcome_are_nobodys(self) -> None:
        session = fresh()
        session.connected(1)
        assert not session.take(message("hi"), 0.0).show
        assert not session.take(joined(), 0.0).show
        assert session.read_state.rooms == []

    def test_nothing_is_taken_while_away(self) -> None:
        assert not fresh().take(welcome(), 0.0).show

    def test_it_is_ready_when_every_room_has_been_answered_for(self) -> None:
        session = fresh("lab", "ops")
        session.connected(1)
        session.take(welcome(), 0.0)
        session.take(joined("ops"), 0.0)
        assert not session.is_ready
        session.take(joined("lab"), 0.0)
        assert session.is_ready


def test_a_leave_that_was_done_after_all_is_known_by_its_lack_of_a_position() -> None:
    session = live("lab", "ops")
    session.take(m.Left(room="lab", nick="ana", reason="left"), 0.0)
    session.take(m.Left(room="ops", position="ops-1", at=1, nick="ana", reason="lost"), 0.0)
    session.disconnected()
    assert set(session.connected(2).positions or {}) == {"ops"}
