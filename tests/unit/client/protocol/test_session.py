"""Which events a session shows, and in which state."""

import pytest

from client.protocol.session import State
from tests.support.scripted import joined, message, welcome
from tests.unit.client.protocol.sessions import fresh, left, live, reconnect, say
from wire import messages as m
from wire.errors import REASONS


class TestEntries:
    """What is delivered."""

    def test_an_entry_is_shown_once(self) -> None:
        session = live()
        assert session.take(message("hi", "p1"), 0.0).show
        assert not session.take(message("hi", "p1"), 0.0).show
        reconnect(session)
        assert not session.take(message("hi", "p1"), 0.0).show

    def test_an_ack_does_not_change_the_read_state(self) -> None:
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
        ref, _ = session.ask(m.GetHistory(room="general"))
        page = m.History(ref=ref, room="general", messages=[past], more=False)
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

    def test_the_end_of_our_old_session_is_not_taken_for_leaving(self) -> None:
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

    def test_a_rename_of_another_member_is_not_ours(self) -> None:
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
    def test_a_bye_with_a_time_leads_to_a_reconnect(self, reason: str) -> None:
        session = live()
        disconnect = session.take(m.Bye(reason=reason, retry_after_ms=250), 0.0).disconnect
        assert disconnect and disconnect.reconnect and disconnect.after == 0.25
        session.disconnected()
        assert session.state is State.AWAY

    @pytest.mark.parametrize("reason", [*REASONS, "something-new"])
    def test_a_bye_without_a_time_is_final(self, reason: str) -> None:
        session = live()
        disconnect = session.take(m.Bye(reason=reason), 0.0).disconnect
        assert disconnect and not disconnect.reconnect and disconnect.reason == reason
        session.disconnected()
        assert session.state is State.OVER
        assert session.take(message("late"), 0.0).show is False

    def test_entries_before_the_welcome_are_ignored(self) -> None:
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
