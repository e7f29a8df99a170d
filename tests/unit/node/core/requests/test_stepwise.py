"""A handler that is a generator runs as one request, from its first call to its end."""

from collections.abc import Callable
from typing import Any

import pytest

from node.core.model import Denied, Failure, Fenced, SessionState, Unavailable
from node.core.requests.stepwise import Asked, CallFailed, Steps, ask, stepwise
from node.core.session.connection import ClientConnection
from tests.unit.node.core.fakes import RESTORED, HubBench
from wire import messages as m
from wire.errors import Code

Handler = Callable[[ClientConnection, m.Ping, float], Steps[None]]


class StepsBench:
    """Runs a handler for a client that has been welcomed."""

    def __init__(self) -> None:
        self.bench = HubBench()
        self.client = self.bench.welcome()
        self.connection = self.client.connection
        self.waiting: list[Callable[[Any], None]] = []
        self.steps: list[Any] = []
        self.settled: list[SessionState | None] = []

    def ask(self) -> Steps[Any]:
        """Make a call that is answered later."""
        return ask(self.waiting.append)

    def change(self) -> Steps[Any]:
        """Make a change to the session that is answered later."""
        return ask(self.waiting.append, settle=self.settled.append)

    def run(self, handler: Handler) -> None:
        """Run a handler."""
        stepwise(handler)(self.connection, m.Ping(), 1005.0)

    @property
    def busy(self) -> bool:
        """Whether other requests have to wait."""
        return self.connection.pipeline.under_way > 0


def test_a_handler_gets_the_reply_to_each_of_its_calls() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from bench.ask()))
        bench.steps.append((yield from bench.ask()))

    bench.run(handler)
    for reply in ("a", "b"):
        assert bench.busy
        bench.waiting.pop()(reply)
    assert bench.steps == ["a", "b"] and not bench.busy


def test_a_handler_that_asks_for_nothing_is_over_at_once() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append("done")
        return
        yield from bench.ask()

    bench.run(handler)
    assert bench.steps == ["done"] and not bench.busy


def test_a_reply_may_come_at_once() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield Asked(lambda done: done("a"))))
        bench.steps.append((yield Asked(lambda done: done("b"))))

    bench.run(handler)
    assert bench.steps == ["a", "b"] and not bench.busy


def test_a_handler_may_ask_by_way_of_another_one() -> None:
    bench = StepsBench()

    def part() -> Steps[str]:
        reply = yield from bench.ask()
        return f"<{reply}>"

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from part()))

    bench.run(handler)
    bench.waiting.pop()("a")
    assert bench.steps == ["<a>"] and not bench.busy


# Calls that get no reply


def test_a_refusal_is_a_reply_like_any_other() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from bench.ask()))

    bench.run(handler)
    bench.waiting.pop()(Denied.MISSING)
    assert bench.steps == [Denied.MISSING] and not bench.busy


@pytest.mark.parametrize("why", [*Unavailable, Fenced.GONE, Fenced.UNHEALED, Fenced.AGAIN])
def test_a_request_without_a_reply_is_answered_and_its_handler_ends(why: Failure) -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from bench.ask()))

    bench.run(handler)
    bench.waiting.pop()(why)
    internal = why is Unavailable.INTERNAL
    assert bench.client.error().code == (Code.INTERNAL if internal else Code.UNAVAILABLE)
    assert bench.steps == [] and not bench.busy and bench.bench.broker.calls == []


def test_a_stale_attempt_ends_the_connection() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        yield from bench.ask()

    bench.run(handler)
    bench.waiting.pop()(Fenced.STALE)
    assert bench.client.hears() == ["bye replaced"] and not bench.busy


def test_a_handler_may_do_without_a_reply() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        try:
            yield from bench.ask()
        except CallFailed as failure:
            bench.steps.append(failure.why)
        bench.steps.append((yield from bench.ask()))

    bench.run(handler)
    bench.waiting.pop()(Unavailable.UNREACHABLE)
    assert bench.busy
    bench.waiting.pop()("a")
    assert bench.steps == [Unavailable.UNREACHABLE, "a"] and not bench.busy
    assert bench.client.hears() == []


def change(bench: StepsBench) -> None:
    """Run a handler that changes the session."""

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from bench.change()))

    bench.run(handler)


def test_a_change_that_may_have_been_done_is_looked_up() -> None:
    bench = StepsBench()
    change(bench)
    bench.waiting.pop()(Unavailable.UNREACHABLE)
    assert bench.client.hears() == ["error unavailable"] and not bench.busy
    assert bench.settled == []
    state = SessionState("ana", 17, [])
    bench.bench.broker.answer("standing", state)
    assert bench.settled == [state] and bench.steps == []


def test_a_change_that_was_not_done_is_not_looked_up() -> None:
    bench = StepsBench()
    change(bench)
    bench.waiting.pop()(Unavailable.FULL)
    assert bench.client.hears() == ["error unavailable"] and not bench.busy
    assert bench.settled == [None] and bench.bench.broker.calls == []


def test_a_stranded_change_is_refused_only_when_its_time_is_up() -> None:
    bench = StepsBench()
    change(bench)
    bench.waiting.pop()(Fenced.GONE)
    assert bench.busy and bench.client.hears() == []
    bench.connection.recovery.expire(1005.0)
    assert bench.client.hears() == ["error unavailable"] and not bench.busy
    assert "standing" in bench.bench.broker.names() and bench.steps == []


def test_a_stranded_handler_ends_when_its_request_is_run_again() -> None:
    bench = StepsBench()
    change(bench)
    bench.waiting.pop()(Fenced.GONE)
    bench.bench.broker.answer("check", False)
    bench.bench.broker.answer("restore", RESTORED)
    assert bench.steps == bench.settled == [] and not bench.busy
