"""What is known of a session is that of its newest connection here."""

from node.brokers.holds import NOTHING, Hold, Holds
from node.core.model import FencingToken

OLD, NEW = FencingToken("s1", "inc.1"), FencingToken("s1", "inc.2")


def test_the_newest_reply_says_what_a_session_is() -> None:
    holds = Holds()
    assert holds.get("s1") is NOTHING
    holds.note(OLD, b"op1", 5)
    holds.note(OLD, b"op1", 7)
    assert holds.get("s1") == Hold("inc.1", b"op1", 7)


def test_a_session_that_has_left_is_forgotten_unless_another_connection_has_it() -> None:
    holds = Holds()
    holds.note(OLD, b"op1", 5)
    holds.note(NEW, b"op1", 6)
    holds.end(OLD)
    assert holds.get("s1") == Hold("inc.2", b"op1", 6)
    holds.end(NEW)
    assert holds.get("s1") is NOTHING
    holds.end(NEW)


def test_sessions_that_are_not_here_any_more_are_forgotten() -> None:
    holds = Holds()
    holds.note(OLD, b"op1", 5)
    holds.note(FencingToken("s2", "inc.3"), b"op2", 6)
    holds.keep(lambda session: session == "s2")
    assert holds.get("s1") is NOTHING and holds.get("s2").gen == 6
