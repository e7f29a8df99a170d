"""A handler that is a generator runs as one request, from its first call to its end."""

from collections.abc import Callable
from typing import Any

from node.core.model import Refused
from node.core.requests.stepwise import Call, Steps, stepwise, strand
from node.core.session.connection import ClientConnection
from tests.unit.node.core.fakes import HubBench
from wire import messages as m

Handler = Callable[[ClientConnection, m.Ping, float], Steps[None]]


class StepsBench:
    """Runs a handler for a client that has been welcomed."""

    def __init__(self) -> None:
        self.bench = HubBench()
        self.connection = self.bench.welcome().connection
        self.waiting: list[Callable[[Any], None]] = []
        self.steps: list[Any] = []

    def ask(self) -> Call:
        """Return a call that is answered later."""
        return self.waiting.append

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
        bench.steps.append((yield bench.ask()))
        bench.steps.append((yield bench.ask()))

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
        yield bench.ask()

    bench.run(handler)
    assert bench.steps == ["done"] and not bench.busy


def test_a_reply_may_come_at_once() -> None:
    bench = StepsBench()

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield lambda done: done("a")))
        bench.steps.append((yield lambda done: done("b")))

    bench.run(handler)
    assert bench.steps == ["a", "b"] and not bench.busy


def test_a_handler_may_ask_by_way_of_another_one() -> None:
    bench = StepsBench()

    def part() -> Steps[str]:
        reply = yield bench.ask()
        return f"<{reply}>"

    def handler(_connection: ClientConnection, _request: m.Ping, _deadline: float) -> Steps[None]:
        bench.steps.append((yield from part()))

    bench.run(handler)
    bench.waiting.pop()("a")
    assert bench.steps == ["<a>"] and not bench.busy


def stranded(bench: StepsBench) -> None:
    """Run a handler whose call the broker refuses for its token."""

    def handler(connection: ClientConnection, request: m.Ping, deadline: float) -> Steps[None]:
        bench.steps.append((yield bench.ask()))
        bench.steps.append((yield strand(connection, request, deadline)))

    bench.run(handler)
    bench.waiting.pop()(Refused.GONE)
    assert bench.busy


def test_a_stranded_handler_goes_on_only_when_its_time_is_up() -> None:
    bench = StepsBench()
    stranded(bench)
    bench.connection.recovery.expire(1005.0)
    assert bench.steps == [Refused.GONE, Refused.UNAVAILABLE] and not bench.busy


def test_a_stranded_handler_ends_when_its_request_is_run_again() -> None:
    bench = StepsBench()
    stranded(bench)
    bench.bench.broker.answer("check", False)
    bench.bench.broker.answer("restore", True)
    assert bench.steps == [Refused.GONE] and not bench.busy
