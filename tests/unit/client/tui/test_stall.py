"""When the client says that the node cannot store messages."""

from client.tui.connection_watch import LOOK_SOON
from client.tui.stall import AWAY_AFTER, HELLO_AFTER, STALLED_AFTER, Stall, Wait


def stalled() -> Stall:
    """A node that has answered a ping, and not a message before it."""
    stall = Stall()
    stall.look(0.0, Wait.ACK)
    stall.ponged()
    stall.look(STALLED_AFTER, Wait.ACK)
    return stall


def test_a_node_that_answers_a_ping_and_not_the_message_before_it_cannot_store_it() -> None:
    stall = Stall()
    assert stall.look(10.0, Wait.ACK)
    assert not stall.look(10.5, Wait.ACK)
    stall.ponged()
    stall.look(10.9, Wait.ACK)
    assert not stall.is_stalled
    stall.look(11.0, Wait.ACK)
    assert stall.is_stalled


def test_a_slow_network_is_no_fault_of_the_node() -> None:
    stall = Stall()
    stall.look(0.0, Wait.ACK)
    stall.look(STALLED_AFTER, Wait.ACK)
    assert not stall.is_stalled


def test_a_hello_without_an_answer_is_told_within_two_seconds() -> None:
    stall = Stall()
    assert not stall.look(0.0, Wait.WELCOME)
    stall.look(HELLO_AFTER - 0.1, Wait.WELCOME)
    assert not stall.is_stalled
    stall.look(HELLO_AFTER, Wait.WELCOME)
    assert stall.is_stalled
    assert HELLO_AFTER + 2 * LOOK_SOON <= 2.0 and STALLED_AFTER + LOOK_SOON <= 2.0


def test_it_stays_so_between_two_attempts_to_connect() -> None:
    stall = Stall()
    stall.look(0.0, Wait.WELCOME)
    stall.look(HELLO_AFTER, Wait.WELCOME)
    stall.look(4.5, Wait.CONNECTION)
    stall.look(5.5, Wait.WELCOME)
    assert stall.is_stalled
    stall.look(9.0, Wait.CONNECTION)
    stall.look(9.0 + AWAY_AFTER, Wait.CONNECTION)
    assert not stall.is_stalled


def test_whatever_the_node_stores_ends_it() -> None:
    stall = stalled()
    assert stall.is_stalled
    stall.stored()
    assert not stall.is_stalled and stall.look(2.0, Wait.ACK)


def test_when_nothing_waits_it_ends() -> None:
    stall = stalled()
    stall.look(2.0, Wait.NOTHING)
    assert not stall.is_stalled
