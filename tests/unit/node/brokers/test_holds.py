"""A node remembers life and generation of the sessions whose connections are here."""

from node.brokers.holds import NOTHING, Hold, Holds
from node.core.model import FencingToken

OLD, NEW = FencingToken("s1", "n.1"), FencingToken("s1", "n.2")


def test_nothing_is_known_of_a_session_that_is_not_here() -> None:
    assert Holds().get("s1") is NOTHING


def test_the_last_reply_to_a_change_counts() -> None:
    holds = Holds()
    holds.note(OLD, b"op1", 7)
    holds.note(NEW, b"op2", 8)
    assert holds.get("s1") == Hold("n.2", b"op2", 8)


def test_only_a_newer_generation_of_the_same_hold_raises_it() -> None:
    holds = Holds()
    holds.raised(OLD, 9)
    assert holds.get("s1") is NOTHING
    holds.note(NEW, b"op2", 8)
    holds.raised(OLD, 10)
    holds.raised(NEW, 7)
    assert holds.get("s1").gen == 8
    holds.raised(NEW, 9)
    assert holds.get("s1") == Hold("n.2", b"op2", 9)


def test_a_session_that_leaves_is_forgotten_unless_another_connection_has_it() -> None:
    holds = Holds()
    holds.end(OLD, False)
    holds.note(NEW, b"op2", 8)
    holds.end(OLD, False)
    assert holds.get("s1").owner == "n.2"
    holds.end(NEW, False)
    assert holds.get("s1") is NOTHING


def test_a_session_is_forgotten_that_is_not_here_at_two_looks_in_a_row() -> None:
    """At the first one its hello may not be done yet, though Redis has answered."""
    holds = Holds()
    holds.note(OLD, b"op1", 7)
    holds.note(FencingToken("s2", "n.3"), b"op3", 7)
    holds.keep(lambda session: session == "s2")
    assert holds.get("s1").gen == 7
    holds.keep(lambda session: session == "s1")
    holds.keep(lambda session: session == "s1")
    assert holds.get("s1").gen == 7 and holds.get("s2") is NOTHING
    holds.keep(lambda session: False)
    holds.keep(lambda session: False)
    assert holds.get("s1") is NOTHING


def test_a_session_that_has_ended_is_remembered_until_it_has_been_forgotten_twice() -> None:
    holds = Holds()
    holds.end(OLD, for_good=True)
    holds.end(NEW, for_good=False)
    assert holds.has_ended(OLD) and not holds.has_ended(NEW)
    holds.forget_ended()
    assert holds.has_ended(OLD)
    holds.forget_ended()
    assert not holds.has_ended(OLD)
