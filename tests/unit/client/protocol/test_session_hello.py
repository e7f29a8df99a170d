"""How a session begins, resumes and is refused."""

import pytest

from client.protocol.greeting import HELLO, Identity
from client.protocol.session import Session
from tests.support.scripted import joined, message, refused, welcome
from tests.unit.client.protocol.sessions import direct, fresh, left, live, reconnect
from wire import messages as m


class TestHello:
    """What is said first on each connection."""

    def test_the_first_hello_without_rooms_leaves_them_to_the_node(self) -> None:
        assert fresh().connected(5) == m.Hello(ref=HELLO, nick="ana", key="k" * 32, attempt=5)

    def test_the_first_hello_has_the_rooms_and_the_token(self) -> None:
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

    def test_a_later_hello_has_all_rooms_and_positions(self) -> None:
        session = live("lab", "ops")
        session.take(message("hi", "lab-1", room="lab"), 0.0)
        session.take(direct("psst", "d1"), 0.0)
        session.disconnected()
        hello = session.connected(9)
        assert hello.rooms == ["lab", "ops"]
        assert hello.positions == {"lab": "lab-1", "ops": "ops-0", "@": "d1"}
        assert hello.key == "k" * 32

    def test_a_hello_whose_answer_was_lost_is_repeated(self) -> None:
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

    def test_the_hello_has_rooms_joined_later_and_no_rooms_left(self) -> None:
        session = live("lab", "ops")
        ref, _ = session.ask(m.Leave(room="lab"))
        session.take(left("lab", "ana", ref=ref), 0.0)
        session.take(joined("new", "n0", ref="x"), 0.0)
        session.disconnected()
        hello = session.connected(2)
        assert hello.rooms == ["ops", "new"]
        assert hello.positions == {"ops": "ops-0", "new": "n0"}

    def test_a_room_that_is_being_left_is_not_in_the_hello(self) -> None:
        session = live("lab", "ops")
        session.ask(m.Leave(room="Lab"))
        session.disconnected()
        assert session.connected(2).rooms == ["ops"]

    def test_a_session_without_rooms_resumes_without_rooms(self) -> None:
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


class TestRefusedHello:
    """What becomes of a hello that fails."""

    @pytest.mark.parametrize("code", ["nick-taken", "bad-nick", "bad-token", "bad-request"])
    def test_some_trouble_does_not_pass_by_itself(self, code: str) -> None:
        session = fresh()
        session.connected(1)
        disconnect = session.take(refused(code, ref=HELLO), 0.0).disconnect
        assert disconnect and not disconnect.reconnect
        assert disconnect.refusal and disconnect.refusal.code == code

    def test_without_the_broker_the_client_reconnects_after_the_given_time(self) -> None:
        session = fresh()
        session.connected(1)
        disconnect = session.take(refused("unavailable", ref=HELLO, after=1500), 0.0).disconnect
        assert disconnect and disconnect.reconnect and disconnect.after == 1.5

    def test_an_error_without_ref_is_the_hellos_too(self) -> None:
        session = fresh()
        session.connected(1)
        assert session.take(refused("bad-token"), 0.0).disconnect

    def test_an_invalid_room_is_given_up_and_the_others_are_kept(self) -> None:
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
