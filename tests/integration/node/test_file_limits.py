"""File descriptors: the limit is raised, and it is said once that there are none left."""

import asyncio
import errno
import logging
import os
import resource
from collections.abc import Callable
from typing import Any

import pytest

from node.process import file_limits
from node.telemetry import logs

Failing = Callable[[int], None]


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Return a function that lets opening fail with an error number; 0 lets it succeed."""
    real = os.open

    def fail(number: int) -> None:
        def attempt(*args: Any) -> int:
            if number:
                raise OSError(number, "so it is")
            return real(*args)

        monkeypatch.setattr(os, "open", attempt)

    return fail


def test_that_no_descriptors_are_left_is_logged_once_and_so_is_that_some_are_free(
    opening: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watch = file_limits.FileWatch(logs.on_fault)
    for number in (0, errno.EMFILE, errno.EMFILE, errno.ENFILE, 0, 0):
        opening(number)
        watch.look()
    none, some = [record.getMessage() for record in caplog.records]
    assert none.startswith("no file descriptors left") and some.endswith("available again")


def test_failed_accepts_of_the_loop_are_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.new_event_loop()
    watch = file_limits.FileWatch(logs.on_fault)
    full = {"message": "socket.accept() out of system resource", "socket": None}
    for _ in range(1000):
        watch.on_exception(loop, {**full, "exception": OSError(errno.EMFILE, "full")})
    assert len(caplog.records) == 1
    watch.on_exception(loop, {"message": "something else", "exception": KeyError("x")})
    assert caplog.records[-1].getMessage().startswith("something else")
    loop.close()


def test_the_limit_is_raised_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    file_limits.raise_limit()
    assert asked == [(4096, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4096, 4096))
    file_limits.raise_limit()
    assert len(asked) == 1


def test_a_limit_that_cannot_be_raised_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: int, limits: tuple[int, int]) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    file_limits.raise_limit()
    assert len(caplog.records) == 1
