"""A refusal says when the client may try again."""

from node.core.session.errors import RETRY_MS, error_event
from wire.errors import Code


def test_a_refusal_names_the_request_that_it_answers() -> None:
    error = error_event(Code.NOT_IN_ROOM, "You are not in tea.", "r", "1", "tea")
    assert (error.code, error.ref, error.id, error.room) == (Code.NOT_IN_ROOM, "r", "1", "tea")
    assert error.retry_after_ms is None and error.account is None


def test_seconds_to_wait_are_rounded_up_to_milliseconds() -> None:
    assert error_event(Code.RATE_LIMITED, "Wait.", retry_after=0.5).retry_after_ms == 501
    assert error_event(Code.RATE_LIMITED, "Wait.", retry_after=0.0).retry_after_ms == 1


def test_what_is_unavailable_may_be_tried_again_soon() -> None:
    assert error_event(Code.UNAVAILABLE, "No.").retry_after_ms == RETRY_MS
    assert error_event(Code.UNAVAILABLE, "No.", retry_after=5.0).retry_after_ms == 5001
    assert error_event(Code.INTERNAL, "No.").retry_after_ms is None


def test_a_refused_nick_may_be_had_with_a_password() -> None:
    assert error_event(Code.NICK_TAKEN, "No.", account=True).account is True
