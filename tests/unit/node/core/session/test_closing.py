"""How a connection ends, and how long its end may wait."""

from node.core.rooms.room import RoomMember
from node.core.session.closing import LEFT_BEFORE, QUIT_WITHIN, Closing
from tests.unit.node.core.fakes import RoomBench, at
from wire.errors import Code, Reason


def member() -> RoomMember:
    """Return a member of some room."""
    return RoomBench().member(at(1))


def test_a_connection_that_goes_on_has_no_reason_to_end() -> None:
    closing = Closing()
    assert (closing.reason, closing.fault, closing.quit_ref) == (None, None, None)
    assert not closing.is_quit_overdue(1e9) and closing.overdue_member(1e9) is None


def test_a_quit_is_overdue_when_the_broker_has_had_its_time() -> None:
    closing = Closing()
    closing.begin_quit(1000.0, "r")
    assert closing.quit_ref == "r" and closing.has_quit
    assert not closing.is_quit_overdue(1000.0 + QUIT_WITHIN - 0.1)
    assert closing.is_quit_overdue(1000.0 + QUIT_WITHIN)


def test_a_member_that_leaves_is_let_go_shortly_before_the_deadline() -> None:
    closing, leaver = Closing(), member()
    closing.begin_leave(leaver, 1000.0)
    assert closing.overdue_member(1000.0 - LEFT_BEFORE - 0.1) is None
    assert closing.overdue_member(1000.0 - LEFT_BEFORE) is leaver


def test_a_member_that_has_left_is_not_waited_for() -> None:
    closing = Closing()
    closing.begin_leave(member(), 1000.0)
    closing.end_leave()
    assert closing.overdue_member(1e9) is None


def test_the_end_keeps_its_reason_the_fault_and_when_to_come_back() -> None:
    closing = Closing()
    closing.begin_drain(100)
    closing.fail(Code.LINE_TOO_LONG)
    closing.end(Reason.PROTOCOL)
    assert (closing.retry_after_ms, closing.fault) == (100, Code.LINE_TOO_LONG)
    assert closing.reason is Reason.PROTOCOL
