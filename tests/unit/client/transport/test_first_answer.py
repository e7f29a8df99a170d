"""A node that is silent at the start of a connection is asked whether it is there."""

import pytest

from client.transport.first_answer import PING_WHEN_GREETING, SOONER, FirstAnswer
from client.transport.keepalive import PING_WHEN_IDLE, WELCOME_WITHIN, Verdict


def pinged(*, has_others: bool) -> FirstAnswer:
    """A node that was silent until it was pinged."""
    answer = FirstAnswer(0.0, has_others=has_others)
    assert answer.next_at(owed=True) == PING_WHEN_GREETING
    assert answer.judge(PING_WHEN_GREETING - 0.1, owed=True) is Verdict.FINE
    assert answer.judge(PING_WHEN_GREETING, owed=True) is Verdict.PING
    return answer


@pytest.mark.parametrize(
    ("has_others", "end"), [(True, WELCOME_WITHIN - SOONER), (False, WELCOME_WITHIN)]
)
def test_a_silent_node_is_sooner_given_up_while_there_are_others(
    has_others: bool, end: float
) -> None:
    answer = pinged(has_others=has_others)
    assert answer.next_at(owed=True) == end
    assert answer.judge(end - 0.1, owed=True) is Verdict.FINE
    assert answer.judge(end, owed=True) is Verdict.DEAD


def test_a_node_that_answers_the_ping_has_time_for_the_hello() -> None:
    answer = pinged(has_others=True)
    answer.heard(PING_WHEN_GREETING + 0.1)
    assert answer.judge(WELCOME_WITHIN - 0.1, owed=True) is Verdict.FINE
    assert answer.judge(WELCOME_WITHIN, owed=True) is Verdict.DEAD


def test_after_the_welcome_it_is_a_node_like_others() -> None:
    answer = FirstAnswer(0.0, has_others=True)
    answer.heard(0.5)
    answer.welcomed()
    assert answer.next_at(owed=False) == 0.5 + PING_WHEN_IDLE
