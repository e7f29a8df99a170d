"""Errors of Redis are told apart: those that pass, a full Redis, and refusals for good."""

import pytest
from redis import exceptions

from node.brokers.failures import is_full, is_passing, redirection


@pytest.mark.parametrize(
    "error",
    [
        exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        exceptions.ReadOnlyError("You can't write against a read only replica."),
        exceptions.ResponseError("MASTERDOWN Link with MASTER is down"),
        exceptions.ResponseError("TRYAGAIN"),
    ],
)
def test_an_error_that_passes_is_no_refusal_for_good(error: Exception) -> None:
    assert is_passing(error) and not is_full(error)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        exceptions.ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
    ],
)
def test_a_full_redis_is_known_with_both_readers_of_replies(error: Exception) -> None:
    assert is_full(error) and not is_passing(error)


@pytest.mark.parametrize(
    "error", [exceptions.ResponseError("ERR LOADING is no reason here"), ValueError("BUSY")]
)
def test_any_other_error_does_not_pass(error: Exception) -> None:
    assert not is_passing(error) and not is_full(error)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MOVED 7 10.0.0.1:7001", (7, ("10.0.0.1", 7001))),
        ("MOVED 7 ::1:7001", (7, ("::1", 7001))),
        ("MOVED 7 :7001", None),
        ("MOVED 7 ?:7001", None),
        ("ASK 7 10.0.0.1:7001", None),
    ],
)
def test_a_slot_has_moved_to_where_the_error_says_if_it_does(
    text: str, found: tuple[int, tuple[str, int]] | None
) -> None:
    assert redirection(exceptions.ResponseError(text)) == found
