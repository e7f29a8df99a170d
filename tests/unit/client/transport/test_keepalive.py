"""A silent node is asked whether it is there, and given up when it does not say so."""

from client.transport.keepalive import (
    PING_WHEN_IDLE,
    PING_WHEN_OWED,
    WELCOME_WITHIN,
    Keepalive,
    Verdict,
)
from wire import limits


def alive(now: float = 0.0) -> Keepalive:
    """A node that has welcomed us."""
    keepalive = Keepalive(now)
    keepalive.welcomed()
    return keepalive


def test_a_node_that_does_not_answer_the_hello_is_given_up() -> None:
    keepalive = Keepalive(0.0)
    assert keepalive.judge(WELCOME_WITHIN - 0.1, owed=False) is Verdict.FINE
    assert keepalive.judge(WELCOME_WITHIN, owed=False) is Verdict.DEAD


def test_a_node_that_only_pings_before_the_welcome_is_given_up_too() -> None:
    keepalive = Keepalive(0.0)
    keepalive.heard(WELCOME_WITHIN - 1)
    assert keepalive.judge(WELCOME_WITHIN, owed=False) is Verdict.DEAD


def test_silence_leads_to_a_ping_and_then_to_the_end() -> None:
    keepalive = alive()
    assert keepalive.judge(PING_WHEN_IDLE - 0.1, owed=False) is Verdict.FINE
    assert keepalive.judge(PING_WHEN_IDLE, owed=False) is Verdict.PING
    assert keepalive.judge(PING_WHEN_IDLE, owed=False) is Verdict.FINE
    end = PING_WHEN_IDLE + limits.PONG_WITHIN
    assert keepalive.next_at(owed=False) == end
    assert keepalive.judge(end, owed=False) is Verdict.DEAD


def test_any_line_is_a_sign_of_life() -> None:
    keepalive = alive()
    keepalive.judge(PING_WHEN_IDLE, owed=False)
    keepalive.heard(PING_WHEN_IDLE + 4.9)
    assert keepalive.next_at(owed=False) == PING_WHEN_IDLE + 4.9 + PING_WHEN_IDLE


def test_a_node_that_owes_an_answer_is_asked_sooner() -> None:
    keepalive = alive()
    keepalive.asked(5.0)
    assert keepalive.judge(5.0, owed=True) is Verdict.FINE
    assert keepalive.judge(5.0 + PING_WHEN_OWED, owed=True) is Verdict.PING


def test_asking_again_and_again_does_not_put_the_ping_off() -> None:
    keepalive = alive()
    for now in (5.0, 6.0, 6.9):
        keepalive.asked(now)
    assert keepalive.next_at(owed=True) == 5.0 + PING_WHEN_OWED


def test_an_old_question_does_not_bring_the_general_ping_forward_or_back() -> None:
    keepalive = alive()
    keepalive.asked(PING_WHEN_IDLE - 0.5)
    assert keepalive.next_at(owed=True) == PING_WHEN_IDLE
