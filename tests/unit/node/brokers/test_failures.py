"""Errors of Redis are told apart: those that pass, a full Redis, and refusals for good."""

import pytest
from redis import exceptions

from node.brokers.failures import is_full, is_passing


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
