"""Why Redis does not serve a node: each new reason is told once, in words."""

import logging

import pytest
from redis import exceptions

from node.brokers.outage import KINDS_MOST, TELL_EVERY, Outage, Reasons, explained
from node.brokers.readiness import Readiness


class Told:
    """Reasons, with a clock; what they log."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.time = 0.0
        self.reasons = Reasons("lost it", lambda: self.time)
        self._caplog = caplog

    def lines(self) -> list[str]:
        """Return what was logged since the last time."""
        found = [record.getMessage() for record in self._caplog.records]
        self._caplog.clear()
        return found


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.INFO)
    return Told(caplog)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        # As redis-py raises them, without the code, and as Redis writes them.
        (
            exceptions.AuthenticationError("invalid username-password pair"),
            "WRONGPASS: the user or",
        ),
        (exceptions.AuthenticationError("Authentication required."), "NOAUTH: it wants a password"),
        (exceptions.NoPermissionError("User has no permissions"), "NOPERM: its user lacks a right"),
        (exceptions.BusyLoadingError("Redis is loading"), "LOADING: it is loading its data"),
        (exceptions.ReadOnlyError("You can't write"), "READONLY: it is a replica"),
        (exceptions.ResponseError("WRONGPASS invalid pair"), "WRONGPASS: the user or"),
        (
            exceptions.ResponseError("NOAUTH Authentication required."),
            "NOAUTH: it wants a password",
        ),
        (
            exceptions.ResponseError("MISCONF Errors writing"),
            "MISCONF: it cannot write to its disk",
        ),
        (exceptions.ResponseError("LOADING Redis is loading"), "LOADING: it is loading its data"),
        (exceptions.ResponseError("NOREPLICAS Not enough"), "NOREPLICAS: it has fewer replicas"),
        (
            exceptions.ConnectionError(
                "Error 111 connecting to h:1. Connect call failed ('h', 1)."
            ),
            "h:1 cannot be reached: Connection refused (see --redis-url)",
        ),
        (
            exceptions.ConnectionError("Error -2 connecting to h:1. Name or service not known."),
            "h:1 cannot be reached: Name or service not known (see --redis-url)",
        ),
        (exceptions.ConnectionError("closed\nby somebody"), "closed by somebody"),
        (exceptions.TimeoutError(), "TimeoutError"),
        (
            exceptions.TimeoutError("Timeout connecting to server"),
            "it does not answer in time (see --redis-url: rediss:// is with TLS",
        ),
    ],
)
def test_an_error_is_put_in_words(error: Exception, words: str) -> None:
    assert explained(error).startswith(words)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # As redis-py raises it; then Redis 7.0, where the command was taken away; then Redis 6.
        (
            "unknown command 'SSUBSCRIBE', with args beginning with: 'chat:{c}:node:x' ",
            "SSUBSCRIBE",
        ),
        ("ERR unknown command 'SPUBLISH', with args beginning with: 'a' 'b' ", "SPUBLISH"),
        ("ERR unknown command `SSUBSCRIBE`, with args beginning with: `chat:x`, ", "SSUBSCRIBE"),
        (
            "ERR Unknown Redis command called from script script: 23e4, on @user_script:1.",
            "a command",
        ),
        (
            "ERR Error running script (call to f_23e4): @user_script:57: @user_script: 57:"
            " Unknown Redis command called from Lua script",
            "a command",
        ),
    ],
)
def test_a_redis_that_is_too_old_is_told_the_version_that_a_node_needs(
    text: str, name: str
) -> None:
    assert explained(exceptions.ResponseError(text)) == (
        f"a node needs Redis 7.0 or later, and this one does not know {name}"
    )


def test_that_redis_is_too_old_is_told_in_one_line_whatever_it_does_not_know(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = 0.0
    outage = Outage(lambda: time)
    needs = "a node needs Redis 7.0 or later, and this one does not know "
    for _ in range(3):
        outage.deny("renew", exceptions.ResponseError("ERR Unknown Redis command called from"))
        outage.messages.failed(exceptions.ResponseError("ERR unknown command 'SSUBSCRIBE'"))
        assert outage.reason == needs + "a command"
        outage.allowed()  # a call in which the script did not come to the command
        assert outage.reason == needs + "SSUBSCRIBE"
    assert caplog.messages == ["Redis cannot serve this node: " + needs + "a command"]
    time += TELL_EVERY
    outage.deny("renew", exceptions.ResponseError("ERR Unknown Redis command called from"))
    outage.messages.failed(exceptions.ConnectionError("closed"))
    assert len(caplog.messages) == 3


def test_a_missing_right_is_named() -> None:
    error = exceptions.ResponseError("NOPERM User chat has no permissions to run 'evalsha'")
    assert "NOPERM: its user lacks a right" in explained(error)
    assert "'evalsha'" in explained(error)


def test_the_same_reason_is_told_once(told: Told) -> None:
    for _ in range(3):
        told.reasons.failed(exceptions.ResponseError("LOADING Redis is loading"))
        told.time += TELL_EVERY
    assert told.lines() == ["lost it: LOADING: it is loading its data"]


def test_another_reason_is_told_too(told: Told) -> None:
    told.reasons.failed(exceptions.ConnectionError("refused"))
    told.reasons.failed(exceptions.AuthenticationError("invalid username-password pair"))
    assert told.reasons.reason is not None and told.reasons.reason.startswith("WRONGPASS")
    first, second = told.lines()
    assert first == "lost it: refused"
    assert second.startswith("lost it, now for another reason: WRONGPASS: ")


def test_reasons_that_take_turns_are_told_once_a_minute(told: Told) -> None:
    for number in range(10):
        told.reasons.failed(exceptions.ConnectionError("refused" if number % 2 else "closed"))
    assert len(told.lines()) == 2
    told.time += TELL_EVERY
    told.reasons.failed(exceptions.ConnectionError("closed"))
    assert told.lines() == ["lost it, now for another reason: closed"]


def test_reasons_without_end_are_not_all_told(told: Told) -> None:
    for number in range(10 * KINDS_MOST):
        told.reasons.failed(exceptions.ConnectionError(f"reason {number}"))
    assert len(told.lines()) == KINDS_MOST


def test_the_next_outage_is_told_again(told: Told) -> None:
    for _ in range(2):
        told.reasons.failed(exceptions.ConnectionError("refused"))
        told.reasons.over()
    assert told.lines() == ["lost it: refused"] * 2


def test_both_connections_tell_that_they_are_lost_and_one_of_them_the_other_reasons(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage(lambda: 0.0)
    for reason in ("closed", "refused", "timeout"):
        outage.lost(exceptions.ConnectionError(reason))
        outage.messages.failed(exceptions.ConnectionError(reason))
    assert [message.rpartition(": ")[2] for message in caplog.messages] == [
        *("closed", "closed", "refused", "timeout")
    ]


def test_a_connection_is_only_lost_once_there_was_one(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(lambda: 0.0)
    for reasons in (outage.lost, outage.messages.failed):
        reasons(exceptions.ConnectionError("refused"))
    outage.over()
    outage.lost(exceptions.ConnectionError("closed"))
    assert caplog.messages == [
        "cannot connect to Redis: refused",
        "cannot connect to Redis for subscriptions: refused",
        "lost the connection to Redis: closed",
    ]


def test_the_end_of_an_outage_is_said_and_which_server_had_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    outage = Outage(lambda: 0.0, "10.0.0.1:7")
    outage.replaced()  # it gave its slots away in peace
    outage.messages.over()
    outage.lost(exceptions.TimeoutError("Timeout connecting to server"))
    outage.replaced()
    outage.over()
    assert caplog.messages == [
        # Its URL was right before.
        "lost the connection to Redis 10.0.0.1:7: it does not answer in time",
        "other servers have taken over from Redis 10.0.0.1:7",
        "Redis 10.0.0.1:7 answers again",
    ]


def test_a_first_connection_that_succeeded_at_once_is_lost_when_it_breaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage(lambda: 0.0)
    outage.messages.over()  # its subscriptions are confirmed; no call failed before
    outage.lost(exceptions.ConnectionError("closed"))
    assert caplog.messages == ["lost the connection to Redis: closed"]


def test_a_denied_script_is_told_once_until_it_is_done_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage(lambda: 0.0)
    for script in ("renew", "look", "renew"):
        outage.deny(script, exceptions.ResponseError("NOPERM no permissions"))
    assert len(caplog.records) == 1 and outage.denied == "renew"
    outage.over()
    assert outage.reason is not None and outage.reason.startswith("NOPERM")
    outage.allowed()
    assert outage.reason is None and outage.denied == ""


def test_a_node_that_is_not_ready_gives_the_newest_reason() -> None:
    outage = Outage(lambda: 0.0)
    readiness = Readiness(lambda: outage.reason)
    outage.lost(exceptions.ConnectionError("refused"))
    assert readiness.unready(0.0) == "the broker does not answer, or refuses: refused"
    outage.lost(exceptions.ResponseError("NOAUTH Authentication required."))
    assert (readiness.unready(0.0) or "").startswith(
        "the broker does not answer, or refuses: NOAUTH: it"
    )
    readiness.probe_heard(1.0, 1)
    assert readiness.unready(1.0) is None
