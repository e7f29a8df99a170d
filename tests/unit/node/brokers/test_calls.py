"""A call hands its reply on once, as it was read, or the refusal that takes its place."""

from typing import Any

import pytest

from node.brokers.calls import SimpleCall
from node.brokers.malformed import Malformed
from node.core.model import Unavailable


def called(told: list[Any]) -> SimpleCall:
    """Return a call that tells a number."""
    return SimpleCall("ask", [], 9.0, told.append, parse=int)


def test_a_reply_is_told_as_it_was_read_and_only_once() -> None:
    told: list[Any] = []
    call = called(told)
    call.reply(b"7")
    call.refuse(Unavailable.INTERNAL)
    call.reply(b"8")
    assert told == [7] and call.args() is None


def test_a_malformed_reply_is_not_told_and_a_refusal_may_follow() -> None:
    told: list[Any] = []
    call = called(told)
    with pytest.raises(Malformed, match="ValueError"):
        call.reply(b"seven")
    assert told == []
    call.refuse(Unavailable.INTERNAL)
    assert told == [Unavailable.INTERNAL]


def test_a_refusal_is_not_read() -> None:
    told: list[Any] = []
    called(told).refuse(Unavailable.FULL)
    assert told == [Unavailable.FULL]


def test_a_fault_of_whoever_gets_the_reply_is_not_taken_for_one_of_the_reply() -> None:
    def done(_reply: Any) -> None:
        raise LookupError("of the core")

    with pytest.raises(LookupError, match="of the core"):
        SimpleCall("ask", [], 9.0, done, parse=int).reply(b"7")
